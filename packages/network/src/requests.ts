// Questions to one peer and their answers, matched by number and bounded. An answer that nobody waits for any more (it came
// too late) is ignored.

import { err, ok, type Result } from "@bystack/utils/result";
import type { NetworkErrorCode } from "./errors.ts";
import { type Numbered, RESPONSE_STATUS } from "./messages.ts";
import type { Timers } from "./timers.ts";

/** Questions that one peer may have open with us, or we with it. */
export const REQUESTS_IN_FLIGHT_MAX = 32;

export type RequestFailure = Extract<
  NetworkErrorCode,
  "NOT_CONNECTED" | "REQUEST_TIMEOUT" | "REQUEST_BUSY" | "REQUEST_REFUSED" | "RESPONSE_TOO_LARGE"
>;

export type RequestResult = Result<Uint8Array, RequestFailure>;

type Waiting = {
  readonly responseBytesMax: number;
  readonly cancel: () => void;
  readonly resolve: (result: RequestResult) => void;
};

export class RequestTable {
  readonly #timers: Timers;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  /** `send` gets the number of the question and says whether it is on its way. */
  ask(
    question: { readonly timeoutMs: number; readonly responseBytesMax: number },
    send: (id: number) => boolean,
  ): Promise<RequestResult> {
    if (this.#waiting.size >= REQUESTS_IN_FLIGHT_MAX) return Promise.resolve(err("REQUEST_BUSY"));
    const id = this.#nextId;
    this.#nextId = (this.#nextId + 1) >>> 0;
    return new Promise((resolve) => {
      const cancel = this.#timers.after(question.timeoutMs, () => {
        this.#settle(id, err("REQUEST_TIMEOUT"));
      });
      this.#waiting.set(id, { responseBytesMax: question.responseBytesMax, cancel, resolve });
      if (!send(id)) this.#settle(id, err("REQUEST_BUSY"));
    });
  }

  /** False when the answer is larger than its method allows: the peer's fault. */
  answer(response: Numbered): boolean {
    const waiting = this.#waiting.get(response.id);
    if (waiting === undefined) return true;
    if (response.payload.length > waiting.responseBytesMax) {
      this.#settle(response.id, err("RESPONSE_TOO_LARGE"));
      return false;
    }
    if (response.code === RESPONSE_STATUS.OK) this.#settle(response.id, ok(response.payload));
    else this.#settle(response.id, err(response.code === RESPONSE_STATUS.BUSY ? "REQUEST_BUSY" : "REQUEST_REFUSED"));
    return true;
  }

  /** The connection ended. */
  cancelAll(): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, err("NOT_CONNECTED"));
  }

  #settle(id: number, result: RequestResult): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.cancel();
    waiting.resolve(result);
  }
}
