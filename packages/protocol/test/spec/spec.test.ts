// Chain specs: presets are valid and round-trip, every refusal says where and which rule, every byte is in the hash.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { publicKeyFromSeed } from "@bystack/crypto/ed25519";
import { bytesToHex } from "@bystack/utils/bytes";
import { mainBlockHash } from "../../src/main/block.ts";
import { mainGenesisBlock } from "../../src/main/genesis.ts";
import { blockSubsidy } from "../../src/pow.ts";
import { sideGenesis } from "../../src/side/genesis.ts";
import { subsidyRulesOf } from "../../src/spec/main.ts";
import {
  createDevFederation,
  createDevMainSpec,
  createDevSideSpec,
  MAINNET_SPEC,
  SOLONET_SPEC,
  TESTNET_SPEC,
} from "../../src/spec/presets.ts";
import {
  type ChainSpec,
  chainIdOf,
  chainSpecHash,
  formatChainSpec,
  parseChainSpec,
  parseChainSpecText,
  parseSideChainSpec,
  type SideChainSpec,
} from "../../src/spec.ts";

const key = (n: number): Uint8Array => publicKeyFromSeed(new Uint8Array(32).fill(n));
const program = Uint8Array.of(0x51);

const mainSpec = createDevMainSpec({
  genesisTimeSeconds: 1_700_000_000,
  outputs: [
    { program, amountNeu: 5_000_000_000n },
    { program: Uint8Array.of(0x52), amountNeu: 7n },
  ],
});

const sideSpec = ((): SideChainSpec => {
  const ids = [0, 1, 2, 3];
  const members = ids.map((i) => ({
    id: `demo-${i}`,
    operator: "dev",
    identity: key(10 + i),
    vault: key(20 + i),
    collector: key(30 + i),
  }));
  return createDevSideSpec({
    name: "demo",
    genesisTimeMs: 1_700_000_000_000,
    committee: ids.map((i) => ({ id: `demo-${i}`, voteKey: key(i), rewardProgram: program })),
    federation: createDevFederation({ mainSpec, members }),
  });
})();

type Tree = { [key: string]: Tree };

/** Parses the side spec after a change to its JSON, and gives the problems as "path rule". */
function problemsAfter(change: (json: Tree) => void, spec: ChainSpec = sideSpec): string[] {
  const json = JSON.parse(formatChainSpec(spec)) as Tree;
  change(json);
  const parsed = parseChainSpec(json);
  return parsed.ok ? [] : parsed.error.map(({ path, rule }) => `${path} ${rule}`);
}

/** The node at a path that must exist. */
function at(json: Tree, ...path: readonly (string | number)[]): Tree {
  return path.reduce<Tree>((node, name) => {
    const next = node[name];
    assert.ok(next !== undefined, `no ${name}`);
    return next;
  }, json);
}

function set(json: Tree, path: readonly (string | number)[], value: unknown): void {
  at(json, ...path.slice(0, -1))[String(path.at(-1))] = value as Tree;
}

function assertProblem(problems: readonly string[], expected: RegExp): void {
  assert.ok(
    problems.some((problem) => expected.test(problem)),
    `${expected} is not among ${JSON.stringify(problems)}`,
  );
}

suite("chain spec", () => {
  test("every preset parses back from its canonical text to the same text", () => {
    for (const spec of [MAINNET_SPEC, TESTNET_SPEC, SOLONET_SPEC, mainSpec, sideSpec]) {
      const parsed = parseChainSpecText(formatChainSpec(spec));
      assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.error));
      assert.equal(formatChainSpec(parsed.value), formatChainSpec(spec));
    }
  });

  test("the chain id covers every value", () => {
    const ids = new Set([bytesToHex(chainIdOf(sideSpec))]);
    const variants: SideChainSpec[] = [
      { ...sideSpec, name: "demo-2" },
      { ...sideSpec, subsidyNeu: 1n },
      { ...sideSpec, committee: [...sideSpec.committee].reverse() },
      { ...sideSpec, consensus: { ...sideSpec.consensus, run: 5 } },
      { ...sideSpec, federation: null },
    ];
    for (const variant of variants) ids.add(bytesToHex(chainIdOf(variant)));
    assert.equal(ids.size, variants.length + 1);
  });

  test("the dev genesis holds the funded outputs, and the federation names its spec and block", () => {
    const genesis = mainGenesisBlock(mainSpec);
    assert.deepEqual(
      genesis.transactions[0]?.outputs.map((output) => output.kind === "output" && output.amount),
      [5_000_000_000n, 7n],
    );
    assert.equal(blockSubsidy(0n, subsidyRulesOf(mainSpec)), 5_000_000_007n);
    assert.equal(blockSubsidy(0n, subsidyRulesOf(MAINNET_SPEC)), 140_700_041_250_000_000n);
    const { federation } = sideSpec;
    assert.ok(federation !== null);
    assert.equal(bytesToHex(federation.mainSpec), bytesToHex(chainSpecHash(mainSpec)));
    assert.equal(bytesToHex(federation.mainAnchor.hash), bytesToHex(mainBlockHash(genesis.header)));
    assert.equal(federation.t, 3);
    assert.equal(federation.mainAnchor.work, 2n);
  });

  test("the side genesis is empty on a pegged chain, and holds the genesis outputs on another", () => {
    const pegged = sideGenesis(sideSpec);
    assert.equal(bytesToHex(pegged.batch), "00");
    assert.equal(pegged.header.transactionCount, 0);
    assert.equal(bytesToHex(pegged.chainId), bytesToHex(chainIdOf(sideSpec)));
    const outputs = [{ program, amountNeu: 9n }];
    const free = sideGenesis({ ...sideSpec, federation: null, genesis: { ...sideSpec.genesis, outputs } });
    assert.equal(free.header.transactionCount, 1);
    assert.equal(free.transactions[0]?.outputs[0]?.amount, 9n);
    const coinbase = free.transactions[0]?.inputs[0];
    assert.ok(coinbase?.kind === "coinbase");
    assert.equal(bytesToHex(coinbase.arbitrary), `${bytesToHex(free.chainId)}${"00".repeat(8)}`);
    assert.notEqual(bytesToHex(free.hash), bytesToHex(pegged.hash));
  });

  test("unknown and missing keys are named, with the nearest valid one", () => {
    const problems = problemsAfter((json) => {
      set(json, ["comittee"], []);
      set(json, ["gas", "port"], 1);
      delete json.locks;
    });
    assertProblem(problems, /^comittee .*did you mean "committee"/);
    assertProblem(problems, /^gas\.port is no key here/);
    assertProblem(problems, /^locks is missing/);
  });

  test("bad values are named with their rule", () => {
    const cases: [readonly (string | number)[], unknown, RegExp][] = [
      [["gas", "priceNeu"], 200, /^gas\.priceNeu must be a decimal string/],
      [["gas", "priceNeu"], "0200", /^gas\.priceNeu must be a decimal string/],
      [["consensus", "run"], 13, /^consensus\.run must be an integer from 1 to 12/],
      [["consensus", "kind"], "bft-flat", /^consensus\.kind .*did you mean "bbft-flat"/],
      [["committee", 1, "voteKey"], "AB", /^committee\[1\]\.voteKey must be 32 bytes/],
      [["name"], "Demo", /^name must be a name/],
      [["features", "votes"], true, /^features\.votes is not available/],
      [["protocol"], [{ version: 2, height: 0 }], /^protocol\[0\] must start with version 1/],
      [["genesis", "timeMs"], -1, /^genesis\.timeMs/],
    ];
    for (const [path, value, expected] of cases) {
      assertProblem(
        problemsAfter((json) => set(json, path, value)),
        expected,
      );
    }
  });

  test("keys: none twice, none that is no key", () => {
    const twice = problemsAfter((json) => set(json, ["committee", 2, "voteKey"], bytesToHex(key(0))));
    assertProblem(twice, /^committee\[2\]\.voteKey is the same key as committee\[0\]\.voteKey/);
    const shared = problemsAfter((json) => set(json, ["federation", "members", 1, "vault"], bytesToHex(key(0))));
    assertProblem(shared, /^federation\.members\[1\]\.vault is the same key as committee\[0\]\.voteKey/);
    const identityPoint = `01${"00".repeat(31)}`;
    const small = problemsAfter((json) => set(json, ["committee", 0, "voteKey"], identityPoint));
    assertProblem(small, /^committee\[0\]\.voteKey is not a usable Ed25519 public key/);
  });

  test("no coin is paid to a retirement", () => {
    const reward = problemsAfter((json) => set(json, ["committee", 1, "rewardProgram"], "6a00"));
    assertProblem(reward, /^committee\[1\]\.rewardProgram is a retirement/);
    const outputs = [{ program: Uint8Array.of(0x6a), amountNeu: 9n }];
    const free: SideChainSpec = { ...sideSpec, federation: null, genesis: { ...sideSpec.genesis, outputs } };
    assertProblem(
      problemsAfter(() => {}, free),
      /^genesis\.outputs\[0\]\.program is a retirement/,
    );
  });

  test("a committee below four has to say that it is for development", () => {
    const small: SideChainSpec = { ...sideSpec, committee: sideSpec.committee.slice(0, 3), federation: null };
    assert.deepEqual(
      problemsAfter(() => {}, small),
      [],
    );
    assertProblem(
      problemsAfter(() => {}, { ...small, developmentMode: false }),
      /^committee .*developmentMode: true/,
    );
  });

  test("the threshold is more than half, at least two, and within the members", () => {
    for (const t of [0, 1, 2]) {
      assertProblem(
        problemsAfter((json) => set(json, ["federation", "t"], t)),
        /^federation\.t must be at least 2 and more/,
      );
    }
    assertProblem(
      problemsAfter((json) => set(json, ["federation", "t"], 5)),
      /^federation\.t asks for 5 signers of 4/,
    );
    assert.deepEqual(
      problemsAfter((json) => set(json, ["federation", "t"], 4)),
      [],
    );
    assertProblem(
      problemsAfter((json) => set(json, ["federation", "n"], 5)),
      /^federation\.n says 5/,
    );
    const three = problemsAfter((json) => {
      set(json, ["federation", "members"], (at(json, "federation", "members") as unknown as unknown[]).slice(0, 3));
      set(json, ["federation", "n"], 3);
    });
    assertProblem(three, /^federation\.members must be at least 4/);
  });

  test("custody, operators, fee and coins follow the federation's rules", () => {
    assertProblem(
      problemsAfter((json) => set(json, ["federation", "custody"], "separate")),
      /custody is separate/,
    );
    assertProblem(
      problemsAfter((json) => set(json, ["federation", "members", 0, "id"], "x")),
      /"x" is no validator/,
    );
    assertProblem(
      problemsAfter((json) => set(json, ["developmentMode"], false)),
      /operator "dev" is already used/,
    );
    assertProblem(
      problemsAfter((json) => set(json, ["federation", "pegOutFeeNeu"], "3204599")),
      /at least "3204600"/,
    );
    assertProblem(
      problemsAfter((json) => set(json, ["subsidyNeu"], "1")),
      /^subsidyNeu must be "0"/,
    );
    const outputs = [{ program: "51", amountNeu: "1" }];
    assertProblem(
      problemsAfter((json) => set(json, ["genesis", "outputs"], outputs)),
      /^genesis\.outputs must be empty/,
    );
  });

  test("confirmations, recovery and the size of the script are checked", () => {
    const change = (path: readonly (string | number)[], value: unknown): string[] =>
      problemsAfter((json) => set(json, ["federation", ...path], value));
    assertProblem(change(["confirmations", "large"], 5), /^federation\.confirmations\.large is below/);
    const keys = [bytesToHex(key(50)), bytesToHex(key(51))];
    assert.deepEqual(change(["recovery"], { threshold: 2, keys, blocks: 100 }), []);
    assertProblem(change(["recovery"], { threshold: 3, keys, blocks: 100 }), /^federation\.recovery\.threshold asks/);
    assertProblem(change(["recovery"], { threshold: 1, keys: [keys[0], keys[0]], blocks: 100 }), /is the same key/);
    const { federation } = sideSpec;
    assert.ok(federation !== null);
    const ids = Array.from({ length: 14 }, (_, i) => i);
    const committee = ids.map((i) => ({ id: `v-${i}`, voteKey: key(100 + i), rewardProgram: program }));
    const members = ids.map((i) => {
      const [identity, vault, collector] = [key(120 + i), key(140 + i), key(160 + i)];
      return { id: `v-${i}`, operator: "dev", identity, vault, collector };
    });
    const many: SideChainSpec = { ...sideSpec, committee, federation: { ...federation, n: 14, t: 10, members } };
    assertProblem(
      problemsAfter(() => {}, many),
      /^federation\.members must be at most 13/,
    );
  });

  test("a main spec that could not work is refused", () => {
    const broken = (path: readonly string[], value: unknown): string[] =>
      problemsAfter((json) => set(json, path, value), mainSpec);
    assertProblem(broken(["genesis", "bits"], "0"), /^genesis\.bits/);
    assertProblem(broken(["pow", "targetMaxBits"], "1"), /^pow\.targetMaxBits are harder/);
    assertProblem(broken(["genesis", "outputs"], [{ program: "6a", amountNeu: "1" }]), /is a retirement/);
    const huge = { program: "51", amountNeu: String((1n << 63n) - 1n) };
    assertProblem(broken(["genesis", "outputs"], [huge, huge]), /add up to 2\^63/);
    assertProblem(broken(["gas", "maxBlock"], 1), /^gas\.maxTransaction/);
  });

  test("what is no spec at all is refused without throwing", () => {
    for (const value of [null, 1, "x", [], {}, { kind: "side" }, { kind: "other" }]) {
      assert.equal(parseChainSpec(value).ok, false);
    }
    assert.equal(parseSideChainSpec([]).ok, false);
    for (const text of ["", "{", `${"[".repeat(500_000)}`, "x".repeat(2_000_000)]) {
      assert.equal(parseChainSpecText(text).ok, false);
    }
  });
});
