// The member's journal (federation.md section 8): what it promised by a signature, on disk before the signature leaves.
// Invariants:
// * `recordIntent` and `recordGovernance` resolve only when the record is durable; nobody signs before that;
// * an input, a request and a payout number belong to one transaction id until the ledger's state proves it failed or dead;
// * a torn tail is cut on opening; any other damage, and any failed write, stops signing for the life of the process: the
//   reason is `stopped`, and the member goes on watching and relaying.

import { type Disk, joinPath } from "@bystack/storage/disk";
import { type Log, openLog } from "@bystack/storage/log";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { BystackError } from "@bystack/utils/errors";
import type { Rng } from "@bystack/utils/ports";
import { federationError } from "../errors.ts";
import { JOURNAL_CLAIMS_MAX, JOURNAL_INTENTS_MAX, JOURNAL_RECORD_BYTES_MAX } from "../limits.ts";
import { decodeRecordBody, encodeRecordBody, type Intent, type JournalRecord, RECORD_TYPE } from "./records.ts";

/** Segments are small, so that old ones can go. */
const SEGMENT_BYTES = 4 << 20;

/** Why an intent must not be recorded; `known` = recorded already, sign the same bytes again. */
export type IntentVerdict = "new" | "known" | "other-draft" | "input-promised" | "request-promised";

/** Whether the ledger's state proves that an earlier payout can no longer pay (failed or dead). */
export type IsPayoutOver = (payout: bigint) => boolean;

/** In-memory picture of the records, rebuilt on opening. */
class JournalIndex {
  readonly intents = new Map<bigint, { readonly intent: Intent; readonly seq: bigint }>();
  readonly byInput = new Map<string, bigint>();
  readonly byRequest = new Map<string, bigint>();
  readonly complete = new Map<bigint, { readonly raw: Uint8Array; readonly seq: bigint }>();
  readonly claims = new Map<string, Hash>();
  brake = false;
  brakeSeq = 0n;
  sequence = 0n;

  take(record: JournalRecord, seq: bigint): void {
    switch (record.type) {
      case "intent":
        this.intents.set(record.payout, { intent: record, seq });
        for (const id of record.inputs) this.byInput.set(bytesToHex(id), record.payout);
        for (const id of record.requestIds) this.byRequest.set(bytesToHex(id), record.payout);
        return;
      case "complete":
        this.complete.set(record.payout, { raw: record.raw, seq });
        return;
      case "claim": {
        const key = bytesToHex(record.nullifier);
        this.claims.delete(key);
        this.claims.set(key, record.transactionId);
        for (const oldest of this.claims.keys()) {
          if (this.claims.size <= JOURNAL_CLAIMS_MAX) break;
          this.claims.delete(oldest);
        }
        return;
      }
      case "brake":
        this.brake = record.on;
        this.brakeSeq = seq;
        return;
      case "beat":
        if (record.sequence > this.sequence) this.sequence = record.sequence;
        return;
      case "governance":
      case "sent":
      case "submitted":
        return;
    }
  }

  forget(payout: bigint): void {
    const known = this.intents.get(payout);
    this.complete.delete(payout);
    if (known === undefined) return;
    this.intents.delete(payout);
    for (const id of known.intent.inputs) {
      if (this.byInput.get(bytesToHex(id)) === payout) this.byInput.delete(bytesToHex(id));
    }
    for (const id of known.intent.requestIds) {
      if (this.byRequest.get(bytesToHex(id)) === payout) this.byRequest.delete(bytesToHex(id));
    }
  }
}

/** An open journal; made by {@link openJournal}. */
export class Journal {
  readonly #log: Log | undefined;
  readonly #index: JournalIndex;
  #stopped: BystackError | undefined;

  /** @internal use openJournal */
  constructor(log: Log | undefined, index: JournalIndex, stopped: BystackError | undefined) {
    this.#log = log;
    this.#index = index;
    this.#stopped = stopped;
  }

  /** Why nothing is signed, or undefined while the journal is sound. */
  get stopped(): BystackError | undefined {
    return this.#stopped;
  }

  /** The operator's brake as it was left. */
  get brake(): boolean {
    return this.#index.brake;
  }

  /** A number above every message number that was ever reserved. */
  get sequence(): bigint {
    return this.#index.sequence;
  }

  intentOf(payout: bigint): Intent | undefined {
    return this.#index.intents.get(payout)?.intent;
  }

  completeOf(payout: bigint): Uint8Array | undefined {
    return this.#index.complete.get(payout)?.raw;
  }

  claimOf(nullifier: Hash): Hash | undefined {
    return this.#index.claims.get(bytesToHex(nullifier));
  }

  /** What earlier promises say about a new one. `isOver` is asked about other payouts only. */
  judge(intent: Intent, isOver: IsPayoutOver): IntentVerdict {
    const same = this.intentOf(intent.payout);
    if (same !== undefined) return equalBytes(same.transactionId, intent.transactionId) ? "known" : "other-draft";
    const blocks = (payout: bigint | undefined): boolean => payout !== undefined && !isOver(payout);
    if (intent.inputs.some((id) => blocks(this.#index.byInput.get(bytesToHex(id))))) return "input-promised";
    if (intent.requestIds.some((id) => blocks(this.#index.byRequest.get(bytesToHex(id))))) return "request-promised";
    return "new";
  }

  /** The payouts whose promises stand against `intent`, for asking the ledger about them. */
  rivals(intent: Intent): bigint[] {
    const payouts = [
      ...intent.inputs.map((id) => this.#index.byInput.get(bytesToHex(id))),
      ...intent.requestIds.map((id) => this.#index.byRequest.get(bytesToHex(id))),
    ];
    return [...new Set(payouts)].filter((payout) => payout !== undefined && payout !== intent.payout) as bigint[];
  }

  /** Resolves when the intent is durable. @throws JOURNAL_STOPPED */
  async recordIntent(intent: Intent): Promise<void> {
    await this.#append({ type: "intent", ...intent }, true);
  }

  /** Resolves when it is durable that this governance body is signed. @throws JOURNAL_STOPPED */
  async recordGovernance(seq: bigint, bodyHash: Hash): Promise<void> {
    await this.#append({ type: "governance", seq, bodyHash }, true);
  }

  /** Records what happened; a loss is repaired from the chains. @throws JOURNAL_STOPPED */
  async record(record: Exclude<JournalRecord, { readonly type: "intent" | "governance" }>): Promise<void> {
    await this.#append(record, record.type === "brake" || record.type === "beat");
  }

  /** Drops what is known about a payout that is done for good, and segments that only hold such payouts. */
  async forget(payout: bigint): Promise<void> {
    this.#index.forget(payout);
    if (this.#log === undefined || this.#stopped !== undefined) return;
    const kept = [...this.#index.intents.values(), ...this.#index.complete.values()].map(({ seq }) => seq);
    if (this.#index.brake) kept.push(this.#index.brakeSeq);
    const oldest = kept.reduce((min, seq) => (seq < min ? seq : min), this.#log.lastSeq);
    await this.#guard(async () => void (await this.#log?.prune(oldest)));
  }

  /** Payouts with an intent, oldest first: what retention looks through. */
  intents(): readonly bigint[] {
    return [...this.#index.intents.keys()];
  }

  async close(): Promise<void> {
    await this.#log?.close().catch(() => undefined);
  }

  async #append(record: JournalRecord, sync: boolean): Promise<void> {
    if (record.type === "intent" && this.#index.intents.size >= JOURNAL_INTENTS_MAX) {
      throw federationError("JOURNAL_STOPPED", { why: `${JOURNAL_INTENTS_MAX} payouts are not done` });
    }
    await this.#guard(async () => {
      if (this.#log === undefined) throw federationError("JOURNAL_STOPPED");
      const seq = await this.#log.append(RECORD_TYPE[record.type], encodeRecordBody(record), { sync });
      this.#index.take(record, seq);
    });
  }

  /** The first failure is the last word: after it nothing is known about the disk. */
  async #guard(action: () => Promise<void>): Promise<void> {
    if (this.#stopped !== undefined) throw this.#stopped;
    try {
      await action();
    } catch (cause) {
      this.#stopped = stoppedBy(cause);
      throw this.#stopped;
    }
  }
}

function stoppedBy(cause: unknown): BystackError {
  const why = cause instanceof BystackError ? `${cause.code}: ${cause.why}` : String(cause);
  return federationError("JOURNAL_STOPPED", { why, cause });
}

/**
 * Opens the journal of one member and side chain, or begins it. Never rejects: a damaged journal opens with `stopped` set,
 * because a member that may not sign still collects, relays and answers.
 */
export async function openJournal(options: {
  readonly disk: Disk;
  readonly folder: string;
  readonly rng: Rng;
}): Promise<Journal> {
  const index = new JournalIndex();
  try {
    const log = await openLog({
      disk: options.disk,
      folder: joinPath(options.folder, "journal"),
      rng: options.rng,
      segmentBytesMax: SEGMENT_BYTES,
      recordBytesMax: JOURNAL_RECORD_BYTES_MAX,
      verify: "all",
    });
    if (log.lastSeq >= log.firstSeq) {
      for await (const { type, seq, body } of log.iterate(log.firstSeq)) {
        const record = decodeRecordBody(type, body);
        if (record === undefined) throw federationError("JOURNAL_STOPPED", { why: `record ${seq} is not understood` });
        index.take(record, seq);
      }
    }
    return new Journal(log, index, undefined);
  } catch (cause) {
    return new Journal(undefined, index, stoppedBy(cause));
  }
}
