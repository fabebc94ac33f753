// Chain specs of side chains: committee, consensus engine, gas, limits and the federation, as data (architecture.md
// section 5, sidechain.md, federation.md section 2). chainId is the hash of the canonical spec, so no byte here can change
// on a living chain; no port, host or endpoint is here.

import { validatePublicKey } from "@bystack/crypto/ed25519";
import { bytesToHex } from "@bystack/utils/bytes";
import { isRetirementProgram } from "../entry.ts";
import { addressPrefix, networkName, payableProgram } from "./main.ts";
import {
  boolean,
  type Described,
  decimal,
  hex,
  integer,
  list,
  nullable,
  object,
  oneOf,
  type SpecProblem,
  text,
} from "./schema.ts";
import { checkVotes, votesSchema } from "./votes.ts";

/** The largest committee of the engine (bbft.md section 3). */
export const COMMITTEE_MAX = 100;
/** Below this a committee tolerates no fault, so it must say that it is for development. */
export const COMMITTEE_MIN = 4;
/** A script of more keys cannot merge its own coins under the gas credit (federation.md section 1, F4). */
export const MULTISIG_MEMBERS_MAX = 13;
export const FEDERATION_MIN = 4;

const hash = hex({ min: 32, max: 32 });
const publicKey = hex({ min: 32, max: 32 });
const memberName = text(/^[a-z0-9][a-z0-9-]{0,40}$/, "must be an id: up to 41 of a-z, 0-9 and -");
const blocks = integer({ min: 0, max: 1_000_000_000 });
const shareBps = integer({ min: 1, max: 10_000 });

const federation = object({
  scheme: oneOf("checkmultisig"),
  /** n and t = k: so many of so many members sign a payout. */
  n: integer({ min: 1, max: COMMITTEE_MAX }),
  t: integer({ min: 0, max: COMMITTEE_MAX }),
  members: list(
    object({
      id: memberName,
      /** Who runs it; distinct in production. */
      operator: text(/^.{1,64}$/u, "must be a name of 1 to 64 characters"),
      identity: publicKey,
      vault: publicKey,
      collector: publicKey,
    }),
    { max: COMMITTEE_MAX },
  ),
  /** validators: the members are the producers · separate: the two sets share nobody. */
  custody: oneOf("validators", "separate"),
  /** Hash of the main chain's spec, whose retarget constants the header rule uses. */
  mainSpec: hash,
  mainAnchor: object({
    height: integer({}),
    hash,
    bits: decimal({}),
    work: decimal({ max: (1n << 256n) - 1n }),
    timesSeconds: list(integer({}), { min: 1, max: 11 }),
    periodStartSeconds: integer({}),
    seed: hash,
  }),
  /** Depth D of a deposit before it can be claimed; `large` for amounts of an asset's `largeAmount` or more. */
  confirmations: object({ base: integer({ min: 1, max: 10_000 }), large: integer({ min: 1, max: 10_000 }) }),
  /** Successors that a main header must have on a voter's own node (r). */
  headerLag: integer({ min: 0, max: 1000 }),
  /** Blocks between payout drafts (B). */
  batchBlocks: integer({ min: 1, max: 1_000_000 }),
  pegOutFeeNeu: decimal({ min: 1n }),
  /** The start list; governance adds more. */
  assets: list(
    object({
      assetId: hash,
      depositMin: decimal({ min: 1n }),
      burnMin: decimal({ min: 1n }),
      /** Most that may be locked; null: no cap. */
      cap: nullable(decimal({ min: 1n })),
      /** Deposits from here on need `confirmations.large`; null: none do. */
      largeAmount: nullable(decimal({ min: 1n })),
    }),
    { max: 1000 },
  ),
  /** At most this share of what is locked is paid per window of side blocks. */
  limits: list(object({ windowBlocks: integer({ min: 1, max: 1_000_000_000 }), shareBps }), { max: 8 }),
  /** Burns of at least this share of what is locked wait so many side blocks. */
  delays: list(object({ shareBps, blocks }), { max: 8 }),
  /** Emergency path of the vault script; null: none. */
  recovery: nullable(
    object({
      threshold: integer({ min: 1, max: MULTISIG_MEMBERS_MAX }),
      keys: list(publicKey, { min: 1, max: MULTISIG_MEMBERS_MAX }),
      /** Main-chain blocks after the epoch's start before it opens. */
      blocks: integer({ min: 1, max: 10_000_000 }),
    }),
  ),
});

const sideFields = {
  kind: oneOf("side"),
  name: networkName,
  networkId: networkName,
  addressPrefix,
  /** Admits committees without fault tolerance and members without distinct operators. Said aloud everywhere. */
  developmentMode: boolean,
  /** Protocol versions and the heights from which they rule, ascending; version 1 from height 0. */
  protocol: list(object({ version: integer({ min: 1, max: 1000 }), height: integer({}) }), { min: 1, max: 100 }),
  genesis: object({
    timeMs: integer({}),
    /** BTM from nothing: only on a chain without a federation. */
    outputs: list(object({ program: payableProgram, amountNeu: decimal({ min: 1n }) }), { max: 1000 }),
  }),
  committee: list(object({ id: memberName, voteKey: publicKey, rewardProgram: payableProgram }), {
    min: 1,
    max: COMMITTEE_MAX,
  }),
  consensus: object({
    kind: oneOf("bbft-flat"),
    blockMs: integer({ min: 50, max: 600_000 }),
    /** Consecutive views of one leader. */
    run: integer({ min: 1, max: 12 }),
    epochBlocks: integer({ min: 1, max: 1_000_000 }),
    /** Assumed network delay, from which the timers of a view follow. */
    deltaMs: integer({ min: 1, max: 60_000 }),
    timerMaxMs: integer({ min: 1, max: 600_000 }),
    /** A voter's clock and a header may differ by this much. */
    clockToleranceMs: integer({ min: 1, max: 60_000 }),
  }),
  gas: object({
    /** 0: a permissioned chain whose mempool rations by sender. */
    priceNeu: decimal({ max: 1_000_000_000n }),
    maxBlock: integer({ min: 1 }),
    maxTransaction: integer({ min: 1 }),
  }),
  limits: object({
    blockBytesMax: integer({ min: 10_000, max: 64_000_000 }),
    transactionBytesMax: integer({ min: 1000, max: 4_000_000 }),
    inputsMax: integer({ min: 1, max: 65_535 }),
    outputsMax: integer({ min: 1, max: 65_535 }),
    systemTransactionsMax: integer({ min: 1, max: 10_000 }),
    claimsMax: integer({ min: 1, max: 10_000 }),
  }),
  features: object({
    /** standard: the segwit-style forms only · any: any program of VM version 1. */
    programs: oneOf("any", "standard"),
    /** Vote outputs, elections, rewards by vote. */
    votes: boolean,
    privacy: oneOf("transparent"),
  }),
  locks: object({ coinbaseBlocks: blocks, voteBlocks: blocks }),
  /** Newly created BTM per block; 0 on a pegged chain. */
  subsidyNeu: decimal({}),
  federation: nullable(federation),
};

/** `votes` is there exactly on chains with elections, so that no other chain's id depends on them. */
export const sideChainSpecSchema = object(sideFields, { votes: votesSchema });

/** A side chain as data. Blocks, amounts and times in the units that the names say. */
export type SideChainSpec = Described<typeof sideChainSpecSchema>;

/** The federation of a pegged chain. */
export type FederationSpec = NonNullable<SideChainSpec["federation"]>;

export type Report = (path: string, rule: string) => void;

/** Refuses keys that are no keys, and any key that stands in two places: no key has two uses. */
function checkKeys(keys: readonly { readonly path: string; readonly key: Uint8Array }[], report: Report): void {
  const seen = new Map<string, string>();
  for (const { path, key } of keys) {
    const text = bytesToHex(key);
    const earlier = seen.get(text);
    if (earlier !== undefined) report(path, `is the same key as ${earlier}; every use needs a key of its own`);
    seen.set(text, earlier ?? path);
    const verdict = validatePublicKey(key);
    if (!verdict.ok) report(path, `is not a usable Ed25519 public key (${verdict.error})`);
  }
}

function checkUnique(items: readonly string[], path: (i: number) => string, report: Report): void {
  items.forEach((item, i) => {
    const first = items.indexOf(item);
    if (first < i) report(path(i), `"${item}" is already used at ${path(first)}`);
  });
}

/** The least peg-out fee: a payout to one payee must pay for itself (federation.md section 6). */
export function pegOutFeeMin(members: number): bigint {
  return 600n * (1109n + 1058n * BigInt(members));
}

function checkThreshold({ n, t, members }: FederationSpec, report: Report): void {
  if (n !== members.length) report("federation.n", `says ${n}, but there are ${members.length} members`);
  if (members.length < FEDERATION_MIN) {
    report("federation.members", `must be at least ${FEDERATION_MIN}: fewer survive neither a thief nor an absence`);
  }
  if (members.length > MULTISIG_MEMBERS_MAX) {
    report("federation.members", `must be at most ${MULTISIG_MEMBERS_MAX} for checkmultisig: more cannot merge coins`);
  }
  if (t > members.length) report("federation.t", `asks for ${t} signers of ${members.length} members`);
  if (t < 2 || 2 * t <= members.length) {
    report("federation.t", `must be at least 2 and more than half of the members, not ${t} of ${members.length}`);
  }
}

function checkFederation(spec: SideChainSpec, fed: FederationSpec, report: Report): void {
  checkThreshold(fed, report);
  const producers = new Set(spec.committee.map((validator) => validator.id));
  fed.members.forEach(({ id }, i) => {
    if (fed.custody === "validators" && !producers.has(id)) {
      report(`federation.members[${i}].id`, `"${id}" is no validator, but custody says that validators hold the vault`);
    }
    if (fed.custody === "separate" && producers.has(id)) {
      report(`federation.members[${i}].id`, `"${id}" is a validator, but custody is separate`);
    }
  });
  checkUnique(
    fed.members.map((member) => member.id),
    (i) => `federation.members[${i}].id`,
    report,
  );
  if (!spec.developmentMode) {
    checkUnique(
      fed.members.map((member) => member.operator),
      (i) => `federation.members[${i}].operator`,
      report,
    );
  }
  checkUnique(
    fed.assets.map((asset) => bytesToHex(asset.assetId)),
    (i) => `federation.assets[${i}].assetId`,
    report,
  );
  const feeMin = pegOutFeeMin(fed.members.length);
  if (fed.pegOutFeeNeu < feeMin)
    report("federation.pegOutFeeNeu", `must be at least "${feeMin}" for this many members`);
  if (fed.confirmations.large < fed.confirmations.base) {
    report("federation.confirmations.large", "is below confirmations.base");
  }
  if (fed.recovery !== null && fed.recovery.threshold > fed.recovery.keys.length) {
    report("federation.recovery.threshold", `asks for ${fed.recovery.threshold} of ${fed.recovery.keys.length} keys`);
  }
  if (spec.genesis.outputs.length > 0) {
    report("genesis.outputs", "must be empty on a pegged chain: its coins come from claims alone");
  }
  if (spec.subsidyNeu !== 0n) report("subsidyNeu", 'must be "0" on a pegged chain: its coins come from claims alone');
}

/** Programs that get coins must belong to somebody: what is paid to a retirement is gone. */
function checkPrograms({ committee, genesis }: SideChainSpec, report: Report): void {
  const rule = "is a retirement; it must be a program that somebody can spend";
  committee.forEach(({ rewardProgram }, i) => {
    if (isRetirementProgram(rewardProgram)) report(`committee[${i}].rewardProgram`, rule);
  });
  genesis.outputs.forEach(({ program }, i) => {
    if (isRetirementProgram(program)) report(`genesis.outputs[${i}].program`, rule);
  });
}

/** Every key of the spec with its place. */
function keysOf({ committee, federation: fed }: SideChainSpec): { path: string; key: Uint8Array }[] {
  const keys = committee.map(({ voteKey }, i) => ({ path: `committee[${i}].voteKey`, key: voteKey }));
  for (const [i, member] of (fed?.members ?? []).entries()) {
    for (const use of ["identity", "vault", "collector"] as const) {
      keys.push({ path: `federation.members[${i}].${use}`, key: member[use] });
    }
  }
  for (const [i, key] of (fed?.recovery?.keys ?? []).entries())
    keys.push({ path: `federation.recovery.keys[${i}]`, key });
  return keys;
}

/** The rules of a side spec that a schema of single values cannot say. */
export function sideChainSpecProblems(spec: SideChainSpec): SpecProblem[] {
  const problems: SpecProblem[] = [];
  const report: Report = (path, rule) => problems.push({ path, rule });
  if (spec.committee.length < COMMITTEE_MIN && !spec.developmentMode) {
    const rule = `has ${spec.committee.length} validators; fewer than ${COMMITTEE_MIN} tolerate no fault`;
    report("committee", `${rule} and need developmentMode: true`);
  }
  checkUnique(
    spec.committee.map((validator) => validator.id),
    (i) => `committee[${i}].id`,
    report,
  );
  checkKeys(keysOf(spec), report);
  checkPrograms(spec, report);
  spec.protocol.forEach(({ version, height }, i) => {
    const previous = spec.protocol[i - 1];
    const ascending =
      previous === undefined ? version === 1 && height === 0 : version > previous.version && height > previous.height;
    if (!ascending) report(`protocol[${i}]`, "must start with version 1 at height 0 and ascend in both");
  });
  checkVotes(spec, report);
  if (spec.gas.maxTransaction > spec.gas.maxBlock) report("gas.maxTransaction", "is above gas.maxBlock");
  if (spec.limits.transactionBytesMax > spec.limits.blockBytesMax) {
    report("limits.transactionBytesMax", "is above limits.blockBytesMax");
  }
  if (spec.genesis.outputs.reduce((sum, output) => sum + output.amountNeu, 0n) >= 1n << 63n) {
    report("genesis.outputs", "add up to 2^63 neu or more, which no amount can hold");
  }
  if (spec.federation !== null) checkFederation(spec, spec.federation, report);
  return problems;
}
