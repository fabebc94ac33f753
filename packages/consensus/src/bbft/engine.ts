// The BBFT engine: one event in, effects out (bbft.md). `step` first takes in what the event says, then `settle` draws
// every conclusion until nothing changes: finalise, open an epoch, enter views, judge, vote, lead. Votes and proposals
// leave only after the record that holds them is durable.

import { type Certificate, VOTE_KINDS, verifyCertificate } from "@bystack/protocol/side/certificate";
import { hashSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { ConsensusEngine, HeaderVerdict } from "../engine.ts";
import { askAgain, barTimer, concludeAsking, handleAnswer, handleAsk, importMark } from "./ask.ts";
import { addVote } from "./certificates.ts";
import { createCommittee } from "./committee.ts";
import type { BbftConfig } from "./config.ts";
import type { VoteCrypto } from "./crypto.ts";
import type { BbftEffect, BbftEvent, PeerId, TimerId } from "./events.ts";
import { blockJudged, isEpochOver, openEpoch, tryFinalise } from "./finalise.ts";
import { handlePropose, retryStash, tryVote } from "./judge.ts";
import { blockBuilt, lead, tryRelease } from "./lead.ts";
import type { BbftMessage } from "./messages.ts";
import type { Mutation } from "./mutation.ts";
import { canSign, flush, ownVotes, release } from "./output.ts";
import { applyReplayed, sayAgain, start, stored } from "./start.ts";
import { type BbftState, createState, finalView, leaderAt } from "./state.ts";
import {
  continueSync,
  handleBlock,
  handleFetch,
  handleNotes,
  handleSkips,
  handleSyncBlocks,
  handleSyncRequest,
} from "./sync.ts";
import { beginView, finalizeVote, nullify, rebroadcast } from "./views.ts";
import { fetchDue } from "./wanted.ts";

export type BbftEngine = ConsensusEngine<BbftConfig, BbftState, BbftEvent, BbftEffect, SideHeader, Certificate>;

function onMessage(state: BbftState, from: PeerId, message: BbftMessage): void {
  switch (message.type) {
    case "PROPOSE":
      handlePropose(state, from, message);
      return;
    case "NOTES":
      handleNotes(state, from, message);
      return;
    case "FETCH":
      handleFetch(state, from, message);
      return;
    case "BLOCK":
      handleBlock(state, from, message);
      return;
    case "SKIPS":
      handleSkips(state, from, message);
      return;
    case "ASK":
      handleAsk(state, from, message);
      return;
    case "ANSWER":
      handleAnswer(state, from, message);
      return;
    case "SYNC_REQUEST":
      handleSyncRequest(state, from, message);
      return;
    case "SYNC_BLOCKS":
      handleSyncBlocks(state, from, message);
      return;
  }
}

function onTimer(state: BbftState, id: TimerId): void {
  switch (id) {
    case "leader":
      state.leaderExpired = true;
      return;
    case "advance":
      state.advanceExpired = true;
      return;
    case "rebroadcast":
      rebroadcast(state);
      return;
    case "fetch":
      fetchDue(state, true);
      return;
    case "ask":
      askAgain(state);
      return;
    case "bar":
      barTimer(state);
      return;
    // These two only bring the clock on; `settle` looks at it. A timer may come a millisecond early, and a clock may have been
    // set back: then it has to be set again, or the block would wait for ever and the view be lost.
    case "release":
      if (state.lead.stage === "ready") state.lead.stage = "checking";
      return;
    case "clock":
      return;
  }
}

function onEvent(state: BbftState, event: BbftEvent): void {
  switch (event.type) {
    case "start":
      start(state, event);
      return;
    case "message":
      onMessage(state, event.from, event.message);
      return;
    case "timer":
      onTimer(state, event.id);
      return;
    case "blockBuilt":
      blockBuilt(state, event.token, event.content);
      return;
    case "blockValidated": {
      const entry = state.blocks.get(bytesToHex(event.hash));
      if (entry?.status !== "pending") return;
      entry.elected = event.elected;
      blockJudged(state, entry, event.valid);
      return;
    }
    case "predicate": {
      const entry = state.blocks.get(bytesToHex(event.hash));
      if (entry !== undefined && event.holds) entry.predicate = "holds";
      return;
    }
    case "persisted":
      for (const vote of release(state, event.token)) if (vote.epoch === state.epoch) addVote(state, vote);
      return;
    case "stored":
      stored(state, event.height);
      return;
    case "mark":
      importMark(state, event);
      return;
  }
}

/** Goes to the view above the highest certificate. @returns whether it did. */
function advance(state: BbftState): boolean {
  const certified = state.highestCertified;
  if (state.view > certified) return false;
  const nullified = certified > 0 && !state.notarized.has(certified) && state.nullified.has(certified);
  beginView(state, certified + 1, nullified && state.view > 0);
  return true;
}

function answerNotarized(state: BbftState): void {
  const views = state.freshNotarized;
  if (views.length === 0 || state.asking?.stage === "first") return;
  state.freshNotarized = [];
  for (const view of views) {
    const certificate = state.notarized.get(view);
    const maySign = certificate !== undefined && (state.mutation === "late" || canSign(state, certificate));
    if (maySign && view >= finalView(state)) finalizeVote(state, certificate);
  }
}

/** The reasons for NULLIFY (section 6): a timer, or the leader's own NULLIFY. `nullify` knows when it may not. */
function nullifyIfDue(state: BbftState): void {
  if (ownVotes(state, state.view)?.votes[VOTE_KINDS.NULLIFY] !== undefined) return;
  const leaderGaveUp = state.votes.get(state.view)?.[VOTE_KINDS.NULLIFY]?.[leaderAt(state, state.view)] !== undefined;
  const noProposal = state.leaderExpired && !state.proposals.has(state.view);
  if (state.advanceExpired || noProposal || leaderGaveUp) nullify(state);
}

/** Longest chain of conclusions one event can set off: an epoch end, then a view for each certificate held. */
const SETTLE_ROUNDS_MAX = 10_000;

function settle(state: BbftState): void {
  for (let round = 0; round < SETTLE_ROUNDS_MAX && state.phase === "running"; round += 1) {
    let changed = concludeAsking(state);
    if (tryFinalise(state)) {
      changed = true;
      continueSync(state);
    }
    if (isEpochOver(state)) {
      openEpoch(state);
      applyReplayed(state);
      changed = true;
    }
    if (advance(state)) changed = true;
    if (retryStash(state)) changed = true;
    answerNotarized(state);
    nullifyIfDue(state);
    tryVote(state);
    lead(state);
    tryRelease(state);
    if (!changed) return;
  }
}

/** Creates a BBFT engine around a signature scheme. `mutation` is for the simulator's test of itself alone. */
export function createBbftEngine(crypto: VoteCrypto, mutation: Mutation = "none"): BbftEngine {
  return {
    name: "bbft-flat",
    init: (config) => createState({ config, crypto, mutation }),
    step(state, event) {
      if (state.phase === "halted" || (state.phase === "new") !== (event.type === "start")) return [];
      state.effects = [];
      state.nowMs = event.nowMs;
      onEvent(state, event);
      settle(state);
      if (event.type === "start") sayAgain(state);
      if (state.mutation === "count-early") for (const vote of state.pendingVotes) addVote(state, vote);
      flush(state);
      fetchDue(state, false);
      const { effects } = state;
      state.effects = [];
      return effects;
    },
    verifyHeader(config, header, certificate): HeaderVerdict {
      if (!equalBytes(header.chainId, config.chainId)) return "CHAIN";
      if (certificate.kind !== VOTE_KINDS.FINALIZE || header.height !== certificate.height)
        return "CERTIFICATE_CONTENT";
      if (!equalBytes(hashSideHeader(header), certificate.blockHash)) return "CERTIFICATE_CONTENT";
      const { chainId, committee } = config;
      const context = {
        chainId,
        epoch: header.epoch,
        keys: committee,
        quorum: createCommittee(committee, undefined).q,
      };
      return verifyCertificate(certificate, context, (key, bytes, signature) => crypto.verify(key, bytes, signature));
    },
    finality: (state) => ({ height: state.final.height, hash: state.final.hash }),
  };
}
