// The one event stream of a visible tab (platform.md section 4), picked up again after the last event that was seen. A stream
// that ends is opened anew, ever slower; a hidden tab has none.

import { useEffect, useSyncExternalStore } from "react";
import { client, type Reply } from "./api.ts";

export type PlatformEvent = Reply<"events">;

export type StreamState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Since when nothing came. */
  | { readonly kind: "cut"; readonly sinceMs: number };

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;

let state: StreamState = { kind: "connecting" };
const watchers = new Set<() => void>();

function setState(next: StreamState): void {
  // The first moment of a cut is the one to tell.
  if (next.kind === "cut" && state.kind === "cut") return;
  state = next;
  for (const watcher of watchers) watcher();
}

type Handlers = {
  readonly onEvent: (event: PlatformEvent) => void;
  /** The stream was cut, or is there again: what is on the screen may be old, and more happened than the events tell. */
  readonly onGap: () => void;
};

class Stream {
  #last: number | undefined;
  #wait = RETRY_MS_MIN;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #current: AbortController | undefined;
  readonly #handlers: Handlers;

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  open(): void {
    if (this.#current !== undefined) return;
    const controller = new AbortController();
    this.#current = controller;
    this.#read(controller)
      .catch(() => undefined)
      .finally(() => {
        if (this.#current !== controller) return;
        this.#current = undefined;
        if (state.kind !== "cut") this.#handlers.onGap();
        setState({ kind: "cut", sinceMs: Date.now() });
        this.#timer = setTimeout(() => this.open(), this.#wait);
        this.#wait = Math.min(this.#wait * 2, RETRY_MS_MAX);
      });
  }

  close(): void {
    clearTimeout(this.#timer);
    const controller = this.#current;
    this.#current = undefined;
    controller?.abort();
  }

  async #read(controller: AbortController): Promise<void> {
    const items = await client.stream("events", {}, { lastEventId: this.#last, signal: controller.signal });
    const wasCut = state.kind === "cut";
    setState({ kind: "live" });
    if (wasCut) this.#handlers.onGap();
    for await (const event of items) {
      // One that ends at once, again and again, is asked for ever more slowly.
      this.#wait = RETRY_MS_MIN;
      if (event.seq !== null) this.#last = event.seq;
      this.#handlers.onEvent(event);
    }
  }
}

/** Keeps the stream open while the tab is visible and `enabled`. Mounted once, by the shell. */
export function useEventStream(handlers: Handlers, enabled: boolean): void {
  const { onEvent, onGap } = handlers;
  useEffect(() => {
    if (!enabled) return undefined;
    const stream = new Stream({ onEvent, onGap });
    const follow = (): void => {
      if (document.visibilityState === "visible") stream.open();
      else stream.close();
    };
    follow();
    document.addEventListener("visibilitychange", follow);
    return () => {
      document.removeEventListener("visibilitychange", follow);
      stream.close();
    };
  }, [enabled, onEvent, onGap]);
}

export function useStreamState(): StreamState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => state,
  );
}
