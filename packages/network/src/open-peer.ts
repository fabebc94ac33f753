// An open connection with what belongs to it: the questions both ways and the messages that handlers still work on. Frames
// come in here and go to the handlers; what the peer can make us keep at once is bounded lane by lane.

import { EMPTY_BYTES } from "@bystack/utils/bytes";
import type { ErrorFault } from "@bystack/utils/errors";
import type { Logger, Metrics } from "@bystack/utils/ports";
import type { Connection } from "./connection.ts";
import { NETWORK_ERRORS } from "./errors.ts";
import type { CompiledProtocol } from "./lanes.ts";
import type { MeshHandlers } from "./mesh-options.ts";
import { CONTROL, decodeNumbered, encodeNumbered, type Numbered, RESPONSE_STATUS } from "./messages.ts";
import { NETWORK_METRICS } from "./names.ts";
import { REQUESTS_IN_FLIGHT_MAX, type RequestResult, RequestTable } from "./requests.ts";
import type { Timers } from "./timers.ts";

export type OpenPeerParts = {
  readonly protocol: CompiledProtocol;
  readonly handlers: MeshHandlers;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly report: (fault: ErrorFault, reason: string) => void;
};

export class OpenPeer {
  readonly connection: Connection;
  readonly #parts: OpenPeerParts;
  readonly #requests: RequestTable;
  /** Bytes of message bodies in the hands of handlers, by lane. */
  readonly #busyBytes: number[];
  /** Questions of the peer that are being answered. */
  #serving = 0;

  constructor(connection: Connection, parts: OpenPeerParts) {
    this.connection = connection;
    this.#parts = parts;
    this.#requests = new RequestTable(parts.timers);
    this.#busyBytes = parts.protocol.lanes.map(() => 0);
  }

  /** The connection ended: open questions are answered NOT_CONNECTED. */
  ended(): void {
    this.#requests.cancelAll();
  }

  /** Asks the peer. @throws RangeError for an unknown method or a body beyond its cap */
  ask(question: {
    readonly method: number;
    readonly body: Uint8Array;
    readonly timeoutMs: number;
  }): Promise<RequestResult> {
    const known = this.#parts.protocol.methods.get(question.method);
    if (known === undefined) throw new RangeError(`method ${question.method}`);
    const { timeoutMs } = question;
    return this.#requests.ask({ timeoutMs, responseBytesMax: known.spec.responseBytesMax }, (id) => {
      const body = encodeNumbered({ id, code: question.method, payload: question.body });
      return this.connection.send(known.lane, { type: CONTROL.REQUEST, body }) === "queued";
    });
  }

  /** Takes a frame that is not the connection's own business. */
  receive(type: number, body: Uint8Array): void {
    if (type === CONTROL.REQUEST || type === CONTROL.RESPONSE) {
      const numbered = decodeNumbered(body);
      if (numbered === undefined) this.connection.close("CONTROL_MALFORMED", "a question or answer without its number");
      else if (type === CONTROL.REQUEST) this.#serve(numbered);
      else if (!this.#requests.answer(numbered)) this.connection.close("RESPONSE_TOO_LARGE");
      return;
    }
    const known = this.#parts.protocol.messages.get(type);
    if (known === undefined) {
      this.connection.close("FRAME_TYPE");
      return;
    }
    this.#parts.metrics.count(NETWORK_METRICS.receivedMessages, 1, { message: known.spec.name });
    this.#deliver(known.lane, type, body);
  }

  /** Calls the message handler and counts the body as long as it works; a lane that has too much at work drops. */
  #deliver(lane: number, type: number, body: Uint8Array): void {
    const { protocol, handlers, metrics, logger } = this.#parts;
    const spec = protocol.lanes[lane];
    const busy = this.#busyBytes[lane] ?? 0;
    if (spec !== undefined && busy > 0 && busy + body.length > spec.queueBytesMax) {
      metrics.count(NETWORK_METRICS.dropped, 1, { lane: `${spec.name}-inbound` });
      return;
    }
    const failed = (error: unknown): void => {
      logger.error("a message handler failed", { peer: this.connection.id, error: String(error) });
    };
    try {
      const work = handlers.onMessage?.({ from: this.connection.id, type, body });
      if (work === undefined) return;
      this.#busyBytes[lane] = busy + body.length;
      void work.catch(failed).then(() => {
        this.#busyBytes[lane] = (this.#busyBytes[lane] ?? 0) - body.length;
      });
    } catch (error) {
      failed(error);
    }
  }

  #serve(question: Numbered): void {
    const known = this.#parts.protocol.methods.get(question.code);
    if (known === undefined) {
      this.#answer(question, { lane: this.#parts.protocol.lanes.length - 1, status: RESPONSE_STATUS.UNKNOWN });
      this.#parts.report(NETWORK_ERRORS.REQUEST_UNKNOWN.fault, "REQUEST_UNKNOWN");
    } else if (question.payload.length > known.spec.requestBytesMax) {
      this.connection.close("FRAME_TOO_LARGE");
    } else if (this.#serving >= REQUESTS_IN_FLIGHT_MAX) {
      this.#answer(question, { lane: known.lane, status: RESPONSE_STATUS.BUSY });
    } else {
      this.#serving += 1;
      void this.#answerOf(question, known.spec).then((payload) => {
        this.#serving -= 1;
        const status = payload === undefined ? RESPONSE_STATUS.REFUSED : RESPONSE_STATUS.OK;
        this.#answer(question, { lane: known.lane, status, payload });
      });
    }
  }

  /** What the request handler answers; undefined when it cannot, fails, or answers beyond the method's cap. */
  async #answerOf(
    question: Numbered,
    method: { readonly name: string; readonly responseBytesMax: number },
  ): Promise<Uint8Array | undefined> {
    const { handlers, logger } = this.#parts;
    try {
      const request = { from: this.connection.id, method: question.code, body: question.payload };
      const payload = await handlers.onRequest?.(request);
      if (payload === undefined || payload.length <= method.responseBytesMax) return payload;
      logger.error("an answer is larger than its method allows", { method: method.name, bytes: payload.length });
    } catch (error) {
      logger.error("a request handler failed", { method: method.name, error: String(error) });
    }
    return undefined;
  }

  #answer(
    question: Numbered,
    answer: { readonly lane: number; readonly status: number; readonly payload?: Uint8Array | undefined },
  ): void {
    const body = encodeNumbered({ id: question.id, code: answer.status, payload: answer.payload ?? EMPTY_BYTES });
    this.connection.send(answer.lane, { type: CONTROL.RESPONSE, body });
  }
}
