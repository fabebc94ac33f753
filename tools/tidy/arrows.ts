// The allowed arrows between packages: architecture.md section 3 as data. The tidy test draws the real ones from the
// sources and fails on any other. `utils` is allowed everywhere and is not repeated.

export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  utils: [],
  crypto: ["native"],
  storage: [],
  testing: [],
  protocol: ["crypto"],
  vm: ["crypto"],
  ledger: ["protocol", "vm", "crypto"],
  consensus: ["protocol", "crypto"],
  equity: ["vm", "protocol"],
  network: ["protocol", "crypto"],
  chain: ["ledger", "consensus", "storage", "protocol", "crypto"],
  wallet: ["protocol", "vm", "crypto", "storage"],
  api: ["protocol"],
  sdk: ["api", "protocol", "crypto", "wallet"],
  federation: ["api", "protocol", "crypto", "storage", "wallet"],
  node: ["chain", "consensus", "network", "storage", "wallet", "api", "ledger", "protocol", "crypto"],
  platform: ["api", "protocol", "storage"],
  templates: ["protocol", "equity", "api", "wallet"],
  cli: ["everything below"],
  console: ["api", "protocol", "crypto"],
  simulator: ["layers 0-5"],
  bench: ["everything below"],
  tests: ["everything below"],
};

/** Packages of layers 0 to 5: what `simulator` may import. */
const LAYERS_0_TO_5 = [
  "utils",
  "crypto",
  "native",
  "storage",
  "protocol",
  "vm",
  "ledger",
  "consensus",
  "equity",
  "network",
  "chain",
  "wallet",
  "api",
  "federation",
];

/** May code in `from` import `to`? Tests may also use `testing`. */
export function isArrowAllowed(from: string, to: string, inTest: boolean): boolean {
  if (from === to || to === "utils") return true;
  if (inTest && to === "testing") return true;
  const allowed = ARROWS[from];
  if (allowed === undefined) return false;
  if (allowed[0] === "layers 0-5") return LAYERS_0_TO_5.includes(to);
  if (allowed[0] === "everything below") return to !== "console" && to !== "tests" && to !== "bench";
  return allowed.includes(to);
}

/** Pure packages: no node:* import, no clock, timer or randomness (architecture.md section 3). */
export const PURE_PACKAGES: readonly string[] = ["protocol", "vm", "ledger", "consensus"];

/** Single files and folders elsewhere that keep the same rule. */
export const PURE_PATHS: readonly string[] = [
  "packages/chain/src/main",
  "packages/chain/src/side",
  "packages/chain/src/mempool",
  "packages/platform/src/alert/engine.ts",
  "packages/platform/src/alert/message.ts",
  "packages/platform/src/alert/observe.ts",
  "packages/platform/src/alert/rules.ts",
  "packages/platform/src/why/causes.ts",
  "packages/platform/src/why/committee.ts",
  "packages/platform/src/why/diagnose.ts",
  "packages/platform/src/why/draft.ts",
  "packages/platform/src/why/rules",
];

/** Packages whose sources run in a browser: no `node:` import there. */
export const BROWSER_PACKAGES: readonly string[] = ["console", "sdk"];

/** Packages that may import a storage driver (`@bystack/storage/lmdb` and the like). */
export const DRIVER_USERS: readonly string[] = ["node", "cli", "simulator", "storage", "tests", "bench"];
