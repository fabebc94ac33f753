// Blocks: which are held, which are executed, which are final; and the passage from one epoch to the next (bbft.md
// section 10). A block is executed when its parent is; a FINALIZE certificate counts when every block down to the last
// final one is held and valid.

import { type Certificate, signersOf, VOTE_KINDS } from "@bystack/protocol/side/certificate";
import type { SideBlock } from "@bystack/protocol/side/proposal";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { isEpochEnd } from "./config.ts";
import { BLOCKS_MAX } from "./limits.ts";
import { emit, halt, note } from "./output.ts";
import { type BbftState, type BlockEntry, finalView, holdsKey, type Point, turnCommittees } from "./state.ts";
import { wantBlock } from "./wanted.ts";

function parentTime(state: BbftState, block: SideBlock): number | undefined {
  const key = bytesToHex(block.header.parentHash);
  if (key === state.final.key) return state.final.timestampMs;
  const parent = state.blocks.get(key);
  return parent?.status === "valid" ? parent.block.header.timestampMs : undefined;
}

function parentHeight(state: BbftState, block: SideBlock): number {
  const key = bytesToHex(block.header.parentHash);
  return key === state.final.key ? state.final.height : (state.blocks.get(key)?.block.header.height ?? -2);
}

/** Has a block executed once its parent is; the rules between two headers are the engine's own. */
function execute(state: BbftState, entry: BlockEntry): void {
  if (entry.status !== "waiting") return;
  const time = parentTime(state, entry.block);
  if (time === undefined) return;
  const { header } = entry.block;
  const isEarly = header.timestampMs < time + state.config.blockMs && state.mutation !== "timestamp";
  if (isEarly || header.height !== parentHeight(state, entry.block) + 1) {
    blockJudged(state, entry, false);
    return;
  }
  entry.status = "pending";
  emit(state, { type: "validateBlock", block: entry.block, certified: entry.certified });
}

/**
 * Keeps a block above the last final one; `certified` also when it was not asked for. @returns undefined when it is below
 * or there is no room.
 */
export function storeBlock(state: BbftState, block: SideBlock, certified = false): BlockEntry | undefined {
  const key = bytesToHex(block.hash);
  const held = state.blocks.get(key);
  if (held !== undefined) return held;
  const wanted = state.wanted.delete(key);
  if (block.header.height <= state.final.height) return undefined;
  if (!wanted && !hasRoom(state, block)) return undefined;
  const entry: BlockEntry = {
    block,
    key,
    certified: certified || wanted,
    status: "waiting",
    elected: undefined,
    predicate: "new",
  };
  state.blocks.set(key, entry);
  execute(state, entry);
  if (entry.status === "waiting") wantParent(state, block);
  return entry;
}

/**
 * Whether there is a place in the table: as long as it is not full, and always for the next block on top of the highest
 * certificate. Where NOTARIZE votes arrive and FINALIZE votes do not, notarized blocks pile up; without room for one more no
 * view would ever bring finality again, also after the network has healed. An epoch's last block is not extended, so notarized
 * ones are never more than an epoch has; blocks of past views without a certificate make room, and are asked for if one comes.
 */
function hasRoom(state: BbftState, { header }: SideBlock): boolean {
  if (state.blocks.size < BLOCKS_MAX) return true;
  const tip = state.notarized.get(state.highestNotarized);
  if (tip === undefined || !equalBytes(tip.blockHash, header.parentHash)) return false;
  const certified = new Set([...state.notarized.values()].map(({ blockHash }) => bytesToHex(blockHash)));
  for (const [key, entry] of state.blocks)
    if (!certified.has(key) && !entry.certified && entry.block.header.view < state.view) state.blocks.delete(key);
  return true;
}

/** A block that cannot be executed yet is of no use without the one below it: whoever certified that one holds it. */
function wantParent(state: BbftState, { header, parentCertificate }: SideBlock): void {
  if (parentCertificate !== undefined && header.height > state.final.height + 1)
    wantBlock(state, header.parentHash, signersOf(parentCertificate));
}

/** Takes in the verdict on a block. */
export function blockJudged(state: BbftState, entry: BlockEntry, valid: boolean): void {
  entry.status = valid ? "valid" : "invalid";
  if (valid) {
    for (const child of state.blocks.values()) {
      if (child.status === "waiting" && bytesToHex(child.block.header.parentHash) === entry.key) execute(state, child);
    }
    return;
  }
  const certified = [
    ...state.notarized.values(),
    ...[state.finalCertificate, state.nearCertificate].filter((certificate) => certificate !== undefined),
  ];
  if (entry.certified || certified.some((certificate) => bytesToHex(certificate.blockHash) === entry.key)) {
    halt(state, "a certificate contradicts own execution");
  }
}

/** Blocks from just above the last final one to the certified one, or undefined while one is missing or not executed. */
function finalPath(state: BbftState, certificate: Certificate): SideBlock[] | undefined {
  const path: SideBlock[] = [];
  let hash = certificate.blockHash;
  let complete = true;
  for (let key = bytesToHex(hash); key !== state.final.key; key = bytesToHex(hash)) {
    const entry = state.blocks.get(key);
    if (entry === undefined) {
      wantBlock(state, hash, signersOf(certificate));
      return undefined;
    }
    if (
      entry.block.header.height <= state.final.height + 1 &&
      bytesToHex(entry.block.header.parentHash) !== state.final.key
    ) {
      halt(state, "a certificate finalises a block beside the final chain");
      return undefined;
    }
    if (entry.status !== "valid") complete = false;
    path.push(entry.block);
    hash = entry.block.header.parentHash;
  }
  return complete ? path.reverse() : undefined;
}

function deleteBelow<T>(table: Map<number, T>, view: number): void {
  for (const key of table.keys()) if (key < view) table.delete(key);
}

function prune(state: BbftState): void {
  const view = finalView(state);
  for (const table of [state.notarized, state.nullified, state.votes, state.proposals])
    deleteBelow(table as Map<number, unknown>, view);
  // A descendant of the final block is higher and of a later view: what is not both can never become final.
  const last = state.final.block?.header;
  for (const [key, { block }] of state.blocks) {
    const { header } = block;
    const isBeside = last !== undefined && header.epoch === last.epoch && header.view <= last.view;
    if (header.height <= state.final.height || isBeside) state.blocks.delete(key);
  }
  for (const [key] of state.wanted) if (!isStillWanted(state, key)) state.wanted.delete(key);
}

function isStillWanted(state: BbftState, key: string): boolean {
  for (const certificate of state.notarized.values())
    if (bytesToHex(certificate.blockHash) === key) return key !== state.final.key;
  return false;
}

/** Makes final what a certificate allows to. @returns whether anything became final. */
export function tryFinalise(state: BbftState): boolean {
  if (state.mutation === "epoch") pretendFinal(state);
  forgetReached(state);
  // Whoever is far behind has blocks for the lower one long before those for the best one.
  for (const certificate of [state.finalCertificate, state.nearCertificate]) {
    if (certificate !== undefined && finaliseBy(state, certificate)) return true;
  }
  return false;
}

/** Certificates of blocks that are final already have done their work. */
function forgetReached(state: BbftState): void {
  if ((state.finalCertificate?.height ?? 0) <= state.final.height) state.finalCertificate = undefined;
  if ((state.nearCertificate?.height ?? 0) <= state.final.height) state.nearCertificate = undefined;
}

function finaliseBy(state: BbftState, certificate: Certificate): boolean {
  const path = finalPath(state, certificate);
  const last = path?.[path.length - 1];
  if (path === undefined || last === undefined) return false;
  emit(state, { type: "finalised", blocks: path, certificate });
  if (holdsKey(state)) state.unstored.push(...path);
  for (const block of path) {
    const own = state.own.get(`${block.header.epoch}:${block.header.view}`);
    if (own?.votes[VOTE_KINDS.PROPOSE] !== undefined && state.halvings > 0) state.halvings -= 1;
  }
  state.final = pointOf(last, certificate, state.blocks.get(bytesToHex(last.hash))?.elected);
  forgetReached(state);
  state.streak = 0;
  prune(state);
  return true;
}

/** Mutation "epoch": a NOTARIZE certificate of an epoch's last block is taken for its FINALIZE. */
function pretendFinal(state: BbftState): void {
  const highest = state.notarized.get(state.highestNotarized);
  if (highest !== undefined && isEpochEnd(state.config, highest.height)) state.finalCertificate ??= highest;
}

export function pointOf(block: SideBlock, certificate: Certificate, elected?: Point["elected"]): Point {
  const { height, epoch, timestampMs } = block.header;
  const key = bytesToHex(block.hash);
  return { hash: block.hash, key, height, epoch, view: certificate.view, timestampMs, block, certificate, elected };
}

/** Enters the epoch after the last final block's; the caller begins its view 1. */
export function openEpoch(state: BbftState): void {
  const { block, certificate } = state.final;
  if (block !== undefined && certificate !== undefined) {
    note(state, { type: "certificate", certificate });
    note(state, { type: "block", block });
  }
  turnCommittees(state, state.mutation === "turn" ? undefined : state.final.elected);
  state.base = state.final;
  state.epoch = state.final.epoch + 1;
  state.view = 0;
  state.streak = 0;
  state.highestNotarized = 0;
  state.highestCertified = 0;
  state.freshNotarized = [];
  state.finalCertificate = undefined;
  state.nearCertificate = undefined;
  state.inactiveRun.clear();
  state.wantedViews = [];
  state.evidence.length = 0;
  for (const table of [state.notarized, state.nullified, state.votes, state.proposals, state.blocks, state.wanted])
    table.clear();
}

/** Whether the newest final block is the last of the epoch that this node is in. */
export function isEpochOver(state: BbftState): boolean {
  return state.final.epoch === state.epoch && isEpochEnd(state.config, state.final.height);
}
