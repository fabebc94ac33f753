// Governance by the members' identity keys (federation.md section 7): each operator asks the own member to sign an action;
// signatures meet in the mesh, and whoever has enough of them submits (kind 4). An action is bound to the next number of
// the ledger, so it takes effect once. It can pause, resume and list an asset; it cannot mint, pay or name an output.
// A member may sign two bodies of one number: the ledger takes at most one, and a stuck proposal must not block a pause.

import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { sha3_256 } from "@bystack/crypto/hash";
import {
  createGovernanceTransaction,
  decodeGovernanceBody,
  encodeGovernanceBody,
  type GovernanceAction,
  governanceMessage,
  type PauseScope,
} from "@bystack/protocol/peg/system";
import { bytesToHex } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import { federationError } from "./errors.ts";
import type { Exchange } from "./exchange/exchange.ts";
import type { GovernanceMessage } from "./exchange/messages.ts";
import type { Journal } from "./journal/journal.ts";
import { GOVERNANCE_PROPOSALS_MAX, RESUBMIT_INTERVAL_MS } from "./limits.ts";
import type { MemberContext } from "./member/context.ts";
import type { StepView } from "./member/view.ts";
import type { PegPauses, SideChainPort } from "./ports.ts";

/** Numbers ahead of the ledger's next one for which signatures are collected: a pause of everything has two. */
const SEQ_AHEAD_MAX = 16n;
/** Own signatures go out again this often while their action has no effect: somebody may have been down. */
const REBROADCAST_INTERVAL_MS = 10_000;

export type GovernanceParts = { readonly side: SideChainPort; readonly journal: Journal; readonly exchange: Exchange };

export type GovernanceOutcome = {
  readonly sequence: bigint;
  readonly signatures: number;
  readonly needed: number;
  readonly submitted: boolean;
};

type Proposal = {
  readonly body: Uint8Array;
  readonly seq: bigint;
  readonly act: GovernanceAction;
  readonly signatures: Map<number, Uint8Array>;
  submittedMs: number;
  sentMs: number;
};

/** What an operator asks for. `all` becomes one action for each pause concerned. */
export type GovernanceWish =
  | { readonly kind: "pause"; readonly scope: "all" | "in" | "out" }
  | { readonly kind: "resume"; readonly scope: "all" | "in" | "out" | "automatic" }
  | { readonly kind: "list"; readonly assetId: Uint8Array; readonly minimum: bigint; readonly cap: bigint };

/** The actions that fulfil a wish in the present state, in the order in which they are numbered. */
export function actionsFor(wish: GovernanceWish, pauses: PegPauses): GovernanceAction[] {
  if (wish.kind === "list") {
    const { assetId, minimum, cap } = wish;
    return [{ action: "list", assetId, minimum, cap }];
  }
  const scopes: PauseScope[] = [];
  const wants = (kind: "automatic" | "in" | "out"): boolean => wish.scope === "all" || wish.scope === kind;
  for (const kind of ["automatic", "in", "out"] as const) {
    const applies = wish.kind === "resume" ? pauses[kind] : kind !== "automatic" && !pauses[kind];
    if (wants(kind) && applies) scopes.push({ kind });
  }
  if (wish.kind === "resume" && wish.scope === "all") {
    for (const assetId of pauses.assets) scopes.push({ kind: "asset", assetId });
  }
  return scopes.map((scope) => ({ action: wish.kind, scope }));
}

export class Governance {
  readonly #context: MemberContext;
  readonly #parts: GovernanceParts;
  readonly #proposals = new Map<string, Proposal>();

  constructor(context: MemberContext, parts: GovernanceParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** b signatures pause, k do everything else. */
  needed(act: GovernanceAction): number {
    return act.action === "pause" ? this.#context.pauseThreshold : this.#context.threshold;
  }

  /** Signs what the operator wishes and passes it on. @throws GOVERNANCE_REFUSED, JOURNAL_STOPPED */
  async sign(wish: GovernanceWish, view: StepView): Promise<GovernanceOutcome> {
    if (wish.kind === "list" && wish.minimum === 0n) {
      throw federationError("GOVERNANCE_REFUSED", { why: "the minimum of an asset is at least 1" });
    }
    const acts = actionsFor(wish, view.status.pauses);
    const [first] = acts;
    if (first === undefined) {
      const why = wish.kind === "pause" ? "it is paused already" : "nothing of that is paused";
      throw federationError("GOVERNANCE_REFUSED", { why });
    }
    let outcome: GovernanceOutcome | undefined;
    for (const [i, act] of acts.entries()) {
      const proposal = await this.#signOne(view.status.governanceNext + BigInt(i), act, view);
      outcome ??= {
        sequence: proposal.seq,
        signatures: proposal.signatures.size,
        needed: this.needed(act),
        submitted: await this.#submit(proposal, view),
      };
    }
    return (
      outcome ?? { sequence: view.status.governanceNext, signatures: 0, needed: this.needed(first), submitted: false }
    );
  }

  /** Takes another member's signature; false when it is not one. */
  receive(from: number, message: GovernanceMessage, view: StepView): boolean {
    const decoded = decodeGovernanceBody(message.body);
    const publicKey = this.#context.federation.members[from]?.identity;
    if (decoded === undefined || publicKey === undefined) return false;
    const signed = governanceMessage(this.#context.chainId, view.status.epoch, message.body);
    if (!verifyEd25519({ publicKey, message: signed, signature: message.signature }, "strict-s")) return false;
    const { governanceNext } = view.status;
    // Behind: done already. Far ahead: nothing that could be meant.
    if (decoded.seq < governanceNext || decoded.seq > governanceNext + SEQ_AHEAD_MAX) return true;
    this.#proposal(message.body, decoded).signatures.set(from, message.signature);
    return true;
  }

  async step(view: StepView): Promise<void> {
    for (const [key, proposal] of this.#proposals) {
      if (proposal.seq < view.status.governanceNext) {
        this.#proposals.delete(key);
        continue;
      }
      await this.#submit(proposal, view);
      this.#rebroadcast(proposal, view);
    }
  }

  async #signOne(seq: bigint, act: GovernanceAction, view: StepView): Promise<Proposal> {
    const body = encodeGovernanceBody(seq, act);
    const proposal = this.#proposal(body, { seq, act });
    if (!proposal.signatures.has(this.#context.index)) {
      await this.#parts.journal.recordGovernance(seq, sha3_256(body));
      const signed = governanceMessage(this.#context.chainId, view.status.epoch, body);
      proposal.signatures.set(this.#context.index, this.#context.identity.sign(signed));
    }
    proposal.sentMs = Number.NEGATIVE_INFINITY;
    this.#rebroadcast(proposal, view);
    return proposal;
  }

  #proposal(body: Uint8Array, content: { readonly seq: bigint; readonly act: GovernanceAction }): Proposal {
    const key = bytesToHex(body);
    const known = this.#proposals.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#proposals.keys();
    if (this.#proposals.size >= GOVERNANCE_PROPOSALS_MAX && oldest !== undefined) this.#proposals.delete(oldest);
    const never = Number.NEGATIVE_INFINITY;
    const proposal = { body, ...content, signatures: new Map<number, Uint8Array>(), submittedMs: never, sentMs: never };
    this.#proposals.set(key, proposal);
    return proposal;
  }

  #rebroadcast(proposal: Proposal, view: StepView): void {
    const own = proposal.signatures.get(this.#context.index);
    const now = this.#context.clock.monotonicMs();
    if (own === undefined || now - proposal.sentMs < REBROADCAST_INTERVAL_MS) return;
    proposal.sentMs = now;
    this.#parts.exchange.broadcast({ type: "governance", body: proposal.body, signature: own }, view.status.epoch);
  }

  async #submit(proposal: Proposal, view: StepView): Promise<boolean> {
    const { seq, act, body, signatures } = proposal;
    if (seq !== view.status.governanceNext || signatures.size < this.needed(act)) return false;
    const now = this.#context.clock.monotonicMs();
    if (now - proposal.submittedMs < RESUBMIT_INTERVAL_MS) return true;
    proposal.submittedMs = now;
    const list = [...signatures].map(([member, signature]) => ({ member, signature }));
    try {
      await this.#parts.side.submit(createGovernanceTransaction(body, list).raw);
      this.#context.logger.info("governance action submitted", { seq, action: act.action, signatures: list.length });
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      this.#context.logger.debug("a governance action was refused", { seq, code: error.code, why: error.why });
    }
    return true;
  }
}
