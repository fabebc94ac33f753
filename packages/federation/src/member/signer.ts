// The signer (federation.md section 5): signs payout j if and only if M1 to M6 hold, sends its signatures to all, and
// whoever holds k of them submits; duplicates are success. After a crash it starts from the ledger's open payouts and its
// journal and makes the same bytes again (Ed25519 is deterministic). It never proposes a payout and knows no coordinator.

import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Exchange } from "../exchange/exchange.ts";
import type { SigsMessage, WantMessage } from "../exchange/messages.ts";
import type { Journal } from "../journal/journal.ts";
import type { Intent } from "../journal/records.ts";
import { CLOSED_PAYOUTS_MAX, EARLY_SIGS_MAX, PAYOUTS_KEPT_MAX, WANT_INTERVAL_MS } from "../limits.ts";
import type { MainChainPort, PayoutRecord, SideChainPort } from "../ports.ts";
import type { Committees } from "./committees.ts";
import type { MemberContext } from "./context.ts";
import { type Examined, type ExamineFault, Examiner } from "./examine.ts";
import { REFUSAL_TEXT, type SignRefusal, signRefusal } from "./policy.ts";
import { draftKey } from "./rederive.ts";
import { PayoutSignatures, type SignatureVerdict } from "./signatures.ts";
import { depthOf, type LivePayout, type StepView } from "./view.ts";

/** Intents of closed payouts that stay in the journal. */
const CLOSED_INTENTS_KEPT = 1_000;

type Tracked = {
  record: PayoutRecord;
  examined: Examined | undefined;
  signatures: PayoutSignatures | undefined;
  /** What stands against signing at the moment, for logs and people. */
  hindrance: string | undefined;
  mainHeight: number | undefined;
  gasOnly: boolean;
  raw: Uint8Array | undefined;
  /** Main tip at which the signed bytes were last handed in. */
  submittedAt: Hash | undefined;
  wantedMs: number;
  readonly answeredMs: Map<number, number>;
};

export type SignerParts = {
  readonly main: MainChainPort;
  readonly side: SideChainPort;
  readonly committees: Committees;
  readonly journal: Journal;
  readonly exchange: Exchange;
};

export type PayoutInfo = { readonly signedBy: readonly number[]; readonly waitsFor: string | null };

export class Signer {
  readonly #context: MemberContext;
  readonly #parts: SignerParts;
  readonly #examiner: Examiner;
  readonly #tracked = new Map<bigint, Tracked>();
  /** Who had signed a payout that is over; for people. */
  readonly #closed = new Map<bigint, readonly number[]>();
  readonly #early = new Map<number, SigsMessage[]>();
  #view: StepView | undefined;

  constructor(context: MemberContext, parts: SignerParts) {
    this.#context = context;
    this.#parts = parts;
    this.#examiner = new Examiner(context, parts);
  }

  async step(view: StepView): Promise<void> {
    this.#view = view;
    this.#closeAllBut(new Set(view.payouts.map(({ record }) => record.payout)));
    for (const payout of view.payouts.slice(-PAYOUTS_KEPT_MAX)) await this.#advance(payout, view);
    await this.#forgetOldest();
  }

  /** Verifies signatures of another member before they are stored; a bad one names its sender. */
  async receive(from: number, message: SigsMessage): Promise<SignatureVerdict | "early" | "TRANSACTION"> {
    const tracked = this.#tracked.get(message.payout);
    if (tracked?.signatures === undefined) {
      // The newest are kept: what is pushed out is asked for again.
      const waiting = (this.#early.get(from) ?? []).filter(({ payout }) => payout !== message.payout);
      this.#early.set(from, [...waiting, message].slice(-EARLY_SIGS_MAX));
      return "early";
    }
    const verdict = this.#store(tracked, from, message);
    if (verdict === "stored" && tracked.raw === undefined && tracked.mainHeight === undefined) {
      await this.#complete(tracked);
      if (this.#view !== undefined) await this.#submit(tracked, this.#view);
    }
    return verdict;
  }

  /** Answers with the own signatures, which exist only after their intent is on the disk. */
  answer(from: number, message: WantMessage, epoch: number): void {
    const tracked = this.#tracked.get(message.payout);
    const own = tracked?.signatures?.of(this.#context.index);
    if (tracked === undefined || own === undefined) return;
    const now = this.#context.clock.monotonicMs();
    const last = tracked.answeredMs.get(from);
    if (last !== undefined && now - last < WANT_INTERVAL_MS) return;
    tracked.answeredMs.set(from, now);
    this.#parts.exchange.send(from, sigsOf(tracked.record, own), epoch);
  }

  info(payout: bigint): PayoutInfo {
    const tracked = this.#tracked.get(payout);
    if (tracked === undefined) return { signedBy: this.#closed.get(payout) ?? [], waitsFor: null };
    return { signedBy: tracked.signatures?.signers ?? [], waitsFor: this.#waitsFor(tracked) };
  }

  #closeAllBut(live: ReadonlySet<bigint>): void {
    for (const [payout, tracked] of this.#tracked) {
      if (live.has(payout)) continue;
      this.#tracked.delete(payout);
      this.#closed.set(payout, tracked.signatures?.signers ?? []);
    }
    for (const oldest of this.#closed.keys()) {
      if (this.#closed.size <= CLOSED_PAYOUTS_MAX) return;
      this.#closed.delete(oldest);
    }
  }

  async #advance({ record, main }: LivePayout, view: StepView): Promise<void> {
    const tracked = this.#track(record);
    tracked.mainHeight = main?.block?.height;
    tracked.gasOnly = main?.gasOnly ?? false;
    await this.#examine(tracked, view);
    const signs = record.state === "open" || record.state === "unproven";
    if (tracked.mainHeight !== undefined || !signs) return;
    if (tracked.examined !== undefined) await this.#sign(tracked, view);
    await this.#complete(tracked);
    await this.#submit(tracked, view);
    this.#want(tracked, view.status.epoch);
  }

  #track(record: PayoutRecord): Tracked {
    const known = this.#tracked.get(record.payout);
    if (known !== undefined && draftKey(known.record) === draftKey(record)) {
      known.record = record;
      return known;
    }
    const tracked: Tracked = {
      record,
      examined: undefined,
      signatures: undefined,
      hindrance: undefined,
      mainHeight: undefined,
      gasOnly: false,
      raw: this.#parts.journal.completeOf(record.payout),
      submittedAt: undefined,
      wantedMs: Number.NEGATIVE_INFINITY,
      answeredMs: new Map(),
    };
    this.#tracked.set(record.payout, tracked);
    return tracked;
  }

  /** M1 and M2. */
  async #examine(tracked: Tracked, view: StepView): Promise<void> {
    if (tracked.examined !== undefined) return;
    const examined = await this.#examiner.examine(tracked.record, view.status.epoch);
    if (!examined.ok) {
      this.#hinder(tracked, examineText(examined.error), examined.error !== "waits");
      return;
    }
    tracked.examined = examined.value;
    const { vaultKeys: keys, keyIndexes } = this.#context;
    tracked.signatures = new PayoutSignatures(examined.value.draft, { keys, keyIndexes });
    for (const [from, messages] of this.#early) {
      const mine = messages.filter(({ payout }) => payout === tracked.record.payout);
      if (mine.length === 0) continue;
      this.#early.set(
        from,
        messages.filter((message) => !mine.includes(message)),
      );
      for (const message of mine) this.#store(tracked, from, message);
    }
  }

  /** M3 to M6. The intent is durable before the first signature exists. */
  async #sign(tracked: Tracked, view: StepView): Promise<void> {
    const { examined, signatures, record } = tracked;
    const { journal, exchange } = this.#parts;
    if (examined === undefined || signatures === undefined || signatures.of(this.#context.index) !== undefined) return;
    const refusal = await this.#refusal(tracked, view);
    if (refusal !== undefined) {
      this.#hinder(tracked, REFUSAL_TEXT[refusal], refusal === "supply");
      return;
    }
    const intent: Intent = {
      payout: record.payout,
      transactionId: examined.draft.transactionId,
      inputs: examined.draft.inputs.map(({ id }) => id),
      requestIds: examined.draft.requestIds,
      sideHeight: record.recordedHeight,
      certificateHash: examined.certificateHash,
    };
    const verdict = journal.judge(intent, await this.#overPayouts(intent));
    if (verdict !== "new" && verdict !== "known") {
      this.#hinder(tracked, `the journal holds an earlier promise (${verdict})`, true);
      return;
    }
    try {
      if (verdict === "new") await journal.recordIntent(intent);
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      this.#hinder(tracked, `${error.message} ${error.why}`, true);
      return;
    }
    const own = signatures.hashes.map((hash) => this.#context.vault.sign(hash));
    signatures.add(this.#context.index, own);
    tracked.hindrance = undefined;
    exchange.broadcast(sigsOf(record, own), view.status.epoch);
    await this.#note(() =>
      journal.record({ type: "sent", payout: record.payout, transactionId: record.transactionId }),
    );
    this.#crashIfPartial(signatures);
  }

  async #refusal(tracked: Tracked, view: StepView): Promise<SignRefusal | undefined> {
    const inputs = tracked.examined?.draft.inputs ?? [];
    const unspent = new Set<string>();
    for (const { id } of inputs) if (await this.#parts.main.isUnspent(id)) unspent.add(bytesToHex(id));
    const { status, mainAgrees } = view;
    return signRefusal(inputs, { status, mainAgrees, brake: this.#parts.journal.brake, unspent });
  }

  /** Which of the payouts that stand against an intent the ledger has proven failed or dead. */
  async #overPayouts(intent: Intent): Promise<(payout: bigint) => boolean> {
    const over = new Set<bigint>();
    for (const rival of this.#parts.journal.rivals(intent)) {
      const record = await this.#parts.side.payout(rival);
      if (record?.state === "failed" || record?.state === "dead") over.add(rival);
    }
    return (payout) => over.has(payout);
  }

  #store(tracked: Tracked, from: number, message: SigsMessage): SignatureVerdict | "TRANSACTION" {
    const { signatures, record } = tracked;
    if (signatures === undefined || !equalBytes(message.transactionId, record.transactionId)) return "TRANSACTION";
    const verdict = signatures.add(from, message.signatures);
    if (verdict === "stored") this.#crashIfPartial(signatures);
    else if (verdict !== "known") {
      const member = this.#context.federation.members[from]?.id ?? String(from);
      this.#context.logger.warn("a federation member sent a bad signature", { member, payout: record.payout, verdict });
    }
    return verdict;
  }

  #crashIfPartial(signatures: PayoutSignatures): void {
    const count = signatures.signers.length;
    if (count > 0 && count < this.#context.threshold) this.#context.crashPoint("CP18");
  }

  async #complete(tracked: Tracked): Promise<void> {
    if (tracked.raw !== undefined) return;
    const signed = tracked.signatures?.assemble();
    if (signed === undefined) return;
    tracked.raw = signed.raw;
    await this.#note(() =>
      this.#parts.journal.record({ type: "complete", payout: tracked.record.payout, raw: signed.raw }),
    );
  }

  /** Hands the signed bytes in, again at every new main tip until the payout is in a block. */
  async #submit(tracked: Tracked, view: StepView): Promise<void> {
    const { raw, record, submittedAt } = tracked;
    if (raw === undefined || (submittedAt !== undefined && equalBytes(submittedAt, view.mainTip.hash))) return;
    tracked.submittedAt = view.mainTip.hash;
    try {
      await this.#parts.main.submit(raw);
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
      this.#hinder(tracked, `the main node refused it: ${error.code} ${error.why}`, false);
      return;
    }
    this.#context.crashPoint("CP19");
    await this.#note(() =>
      this.#parts.journal.record({ type: "submitted", payout: record.payout, mainHeight: view.mainTip.height }),
    );
  }

  #want(tracked: Tracked, epoch: number): void {
    const { signatures, record } = tracked;
    if (signatures === undefined || tracked.raw !== undefined) return;
    const now = this.#context.clock.monotonicMs();
    if (now - tracked.wantedMs < WANT_INTERVAL_MS) return;
    tracked.wantedMs = now;
    for (let member = 0; member < this.#context.members; member += 1) {
      if (signatures.of(member) === undefined) {
        this.#parts.exchange.send(member, { type: "want", payout: record.payout }, epoch);
      }
    }
  }

  /** Says a hindrance once, not at every step. */
  #hinder(tracked: Tracked, why: string, alarm: boolean): void {
    if (tracked.hindrance === why) return;
    tracked.hindrance = why;
    const fields = { payout: tracked.record.payout, why };
    if (alarm) this.#context.logger.error("a payout is not signed", fields);
    else this.#context.logger.info("a payout is not signed yet", fields);
  }

  /** Records of what happened may be lost: the chains say it again. The journal then shows why it stopped. */
  async #note(record: () => Promise<void>): Promise<void> {
    try {
      await record();
    } catch (error) {
      if (!(error instanceof BystackError)) throw error;
    }
  }

  async #forgetOldest(): Promise<void> {
    const intents = this.#parts.journal.intents();
    const [oldest] = intents;
    if (oldest === undefined || intents.length <= CLOSED_INTENTS_KEPT) return;
    const record = await this.#parts.side.payout(oldest);
    if (record === undefined || record.state === "open" || record.state === "unproven") return;
    await this.#note(() => this.#parts.journal.forget(oldest));
  }

  #waitsFor(tracked: Tracked): string | null {
    const { federation, threshold } = this.#context;
    const status = this.#view?.status;
    if (tracked.record.state !== "open" && tracked.record.state !== "unproven") return null;
    if (tracked.mainHeight !== undefined && status !== undefined) {
      const depth = `main-chain confirmations: ${depthOf(tracked.mainHeight, status)} of ${federation.confirmations.base}`;
      return tracked.gasOnly ? `${depth}; it was recorded gas-only, then its requests are drafted again` : depth;
    }
    if (tracked.raw !== undefined) return "a main-chain block: the payout is signed and sent";
    const signers = tracked.signatures?.signers ?? [];
    const missing = federation.members.flatMap(({ id }, i) => (signers.includes(i) ? [] : [id]));
    const count = `signatures: ${signers.length} of ${threshold}, missing from ${missing.join(", ")}`;
    return tracked.hindrance === undefined ? count : `${count}; here: ${tracked.hindrance}`;
  }
}

function sigsOf(record: PayoutRecord, signatures: readonly Uint8Array[]): SigsMessage {
  return { type: "sigs", payout: record.payout, transactionId: record.transactionId, signatures };
}

function examineText(fault: ExamineFault): string {
  if (fault === "waits") return "this member's side node does not show the recording block as final yet";
  return `it does not follow from the side chain (${fault})`;
}
