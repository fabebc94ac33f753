// Keeps one configured peer connected: dials while there is no connection, waits between attempts, and stands back when the
// peer has connected by itself. Its place belongs to this peer alone; no inbound connection of another can take it.

import type { TLSSocket } from "node:tls";
import type { BackOff } from "./back-off.ts";
import type { NetworkErrorCode } from "./errors.ts";
import type { Identity, PeerId } from "./identity.ts";
import type { Timers } from "./timers.ts";
import { dialPeer } from "./tls.ts";

export type DialTarget = { readonly id: PeerId; readonly host: string; readonly port: number };

export type DiallerParts = {
  readonly identity: Identity;
  readonly timers: Timers;
  readonly timeoutMs: number;
  readonly backOff: BackOff;
  /** A reason not to dial now, asked before each attempt. */
  readonly obstacle: () => NetworkErrorCode | undefined;
  readonly onSocket: (socket: TLSSocket) => void;
  readonly onFailure: (failure: {
    readonly code: NetworkErrorCode;
    readonly why: string;
    readonly retryMs: number;
  }) => void;
};

export class Dialler {
  readonly target: DialTarget;
  readonly #parts: DiallerParts;
  /** What undoes the present state: abandons an attempt or cancels a wait. Undefined while connected or in a handshake. */
  #undo: (() => void) | undefined;
  #stopped = false;

  constructor(target: DialTarget, parts: DiallerParts) {
    this.target = target;
    this.#parts = parts;
  }

  /** Dials at once. */
  dial(): void {
    this.#cancel();
    if (this.#stopped) return;
    const obstacle = this.#parts.obstacle();
    if (obstacle !== undefined) {
      this.lost(obstacle, 0);
      return;
    }
    const { identity, timers, timeoutMs } = this.#parts;
    let abandoned = false;
    const abandon = dialPeer(this.target, { identity, timers, timeoutMs }, (outcome) => {
      if (abandoned) return;
      this.#undo = undefined;
      if (outcome.ok) this.#parts.onSocket(outcome.socket);
      else this.#parts.onFailure({ code: outcome.code, why: outcome.why, retryMs: this.lost(outcome.code, 0) });
    });
    this.#undo = () => {
      abandoned = true;
      abandon();
    };
  }

  /** There is a connection with the peer, whoever dialled. */
  connected(): void {
    this.#cancel();
  }

  /** There is none any more, or an attempt failed: plans the next one and returns the wait. */
  lost(code: NetworkErrorCode, openMs: number): number {
    this.#cancel();
    const retryMs = this.#parts.backOff.nextMs(code, openMs);
    if (!this.#stopped) this.#undo = this.#parts.timers.after(retryMs, () => this.dial());
    return retryMs;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #cancel(): void {
    const undo = this.#undo;
    this.#undo = undefined;
    undo?.();
  }
}
