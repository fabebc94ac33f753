// The package as somebody gets it: packed, installed into an empty project without asking any registry, run in plain Node,
// type-checked, bundled for a page and run in Chromium where there is one. The known payment comes out everywhere.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { build } from "vite";
import { buildSdk, pack } from "../tools/build.ts";
import { VECTOR } from "./vector.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..", "..");
const folder = mkdtempSync(join(tmpdir(), "bystack-sdk-"));
const project = join(folder, "project");
after(() => rmSync(folder, { recursive: true, force: true }));

const ORDER = `{
  outputs: [${JSON.stringify(VECTOR.output)}],
  to: "${VECTOR.order(undefined as never).to}",
  amount: parseAmount("1.5", BTM_DECIMALS),
  chain: { kind: "side", addressPrefix: "sm", gasPriceNeu: 200n },
}`;
const PROGRAM = `import { BTM_DECIMALS, connect, createAccount, openAccount, parseAmount, signPayment } from "@bystack/sdk";
const from = openAccount("${VECTOR.secret}");
const { id, raw, feeNeu } = signPayment({ from, ...${ORDER} });
export const answer = { id, raw, feeNeu: String(feeNeu), address: from.address("sm"), fresh: createAccount().secret.length };
export const bystack = connect({ url: "http://127.0.0.1:1" });
`;
const EXPECTED = {
  id: VECTOR.id,
  raw: VECTOR.raw,
  feeNeu: String(VECTOR.feeNeu),
  address: VECTOR.address,
  fresh: 64,
};

const CHROMIUM = [process.env.BYSTACK_CHROMIUM ?? "", "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path !== "" && existsSync(path),
);

suite("packed and installed", () => {
  before(async () => {
    const dist = join(folder, "dist");
    await buildSdk(dist);
    const tarballs = [await pack(dist, folder), await pack(join(root, "node_modules", "zod"), folder)];
    mkdirSync(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
    const args = ["install", ...tarballs, "--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    await run("npm", args, { cwd: project });
  });

  test("brings zod and nothing else, and no file of a test or a secret of this machine", () => {
    const modules = join(project, "node_modules");
    assert.deepEqual(
      readdirSync(modules).filter((name) => !name.startsWith(".")),
      ["@bystack", "zod"],
    );
    const installed = join(modules, "@bystack", "sdk");
    assert.deepEqual(readdirSync(installed).toSorted(), ["LICENSE", "README.md", "index.js", "package.json", "types"]);
    const code = readFileSync(join(installed, "index.js"), "utf8");
    assert.deepEqual(code.match(/from\s*"node:.*|import\("node:.*|\brequire\(|\bBuffer\.\w+/g), null);
    assert.ok(!code.includes(root), "no path of this machine");
  });

  test("runs in plain Node", async () => {
    writeFileSync(join(project, "program.mjs"), PROGRAM);
    writeFileSync(
      join(project, "main.mjs"),
      `import { answer, bystack } from "./program.mjs";
const error = await bystack.networks().catch((error) => error);
console.log(JSON.stringify({ ...answer, code: error.code, next: error.next }));`,
    );
    const { stdout } = await run(process.execPath, ["main.mjs"], { cwd: project });
    assert.deepEqual(JSON.parse(stdout), {
      ...EXPECTED,
      code: "UNREACHABLE",
      next: "See whether it runs: bystack status.",
    });
  });

  test("its types hold what a consumer does, and refuse what is wrong", async () => {
    writeFileSync(
      join(project, "good.ts"),
      `import { type AssetBalance, BystackError, connect, createAccount } from "@bystack/sdk";
export async function use(): Promise<bigint> {
  const bystack = connect({ url: "http://localhost:7070", token: "t" });
  const chain = bystack.chain("dev", "demo");
  const account = createAccount();
  const [first]: AssetBalance[] = await chain.balance(account);
  const { id } = await chain.pay({ from: account, to: await chain.address(account), amount: 5n });
  const { status } = await chain.waitFinal(id);
  const label: "pending" | "confirmed" | "final" = status;
  for await (const { topic } of bystack.subscribe()) if (topic === label) break;
  const { healthy } = await bystack.api.call("network", { params: { network: "dev" } });
  if (!healthy) throw new Error((new Error() as BystackError).next);
  return first?.spendable ?? 0n;
}
`,
    );
    writeFileSync(
      join(project, "bad.ts"),
      `import { connect, createAccount } from "@bystack/sdk";
const bystack = connect({ url: "x" });
bystack.chain("dev", "demo").pay({ from: createAccount(), to: "x", amount: 5 });
bystack.api.call("network", { params: { net: "dev" } });
bystack.api.call("nope");
`,
    );
    const compilerOptions = {
      module: "nodenext",
      target: "es2024",
      lib: ["es2024", "dom"],
      strict: true,
      noEmit: true,
    };
    const config = { compilerOptions: { ...compilerOptions, types: [] }, files: ["good.ts", "bad.ts"] };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [tsc, "-p", project, "--pretty", "false"], { cwd: project }).catch(
      (error: { stdout: string }) => error,
    );
    const wrong = stdout.split("\n").flatMap((line) => /^(\S+?)\((\d+),/.exec(line)?.slice(1, 3).join(":") ?? []);
    assert.deepEqual(wrong, ["bad.ts:3", "bad.ts:4", "bad.ts:5"], stdout);
  });

  test("runs in a page, bundled", { skip: CHROMIUM === undefined && "no Chromium on this machine" }, async () => {
    writeFileSync(
      join(project, "page.js"),
      'import { answer } from "./program.mjs";\ndocument.title = JSON.stringify(answer);\n',
    );
    writeFileSync(join(project, "index.html"), '<!doctype html><script type="module" src="./page.js"></script>');
    await build({ root: project, configFile: false, envDir: false, logLevel: "error", build: { outDir: "site" } });
    const site = join(project, "site");
    const server = createServer((request, response) => {
      const path = request.url === "/" ? "/index.html" : (request.url ?? "");
      const file = readdirSync(site, { recursive: true, encoding: "utf8" }).find((name) => `/${name}` === path);
      if (file === undefined) return response.writeHead(404).end();
      const type = file.endsWith(".html") ? "text/html" : "text/javascript";
      return response.writeHead(200, { "content-type": type }).end(readFileSync(join(site, file)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const browser = await chromium.launch({ executablePath: CHROMIUM ?? "", args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`);
      await page.waitForFunction('document.title !== ""');
      assert.deepEqual(JSON.parse(await page.title()), EXPECTED);
    } finally {
      await browser.close();
      server.close();
    }
  });
});
