// The one event stream of a visible tab (platform.md section 4): read by fetch, so that the session's header goes along; picked
// up again after the last event that was seen. A stream that ends or is silent for too long is opened anew, ever slower.

import { useEffect, useSyncExternalStore } from "react";
import { sessionFetch } from "./api.ts";
import { EventStreamParser } from "./stream-parser.ts";

export type PlatformEvent = {
  readonly seq: number;
  readonly topic: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
};

export type StreamState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Since when nothing came. */
  | { readonly kind: "cut"; readonly sinceMs: number };

/** The platform sends a heartbeat every 15 s; without two of them the stream is taken for dead. */
const SILENCE_MS_MAX = 35_000;
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

function parseData(text: string): PlatformEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("topic" in value) || !("seq" in value)) return undefined;
    return value as PlatformEvent;
  } catch {
    return undefined;
  }
}

type Handlers = {
  readonly onEvent: (event: PlatformEvent) => void;
  /** Events in between are not kept any more, or the stream was cut: read everything again. */
  readonly onMissed: () => void;
};

class Stream {
  #last: string | undefined;
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
    const headers = { accept: "text/event-stream", ...(this.#last !== undefined && { "last-event-id": this.#last }) };
    const response = await sessionFetch("/v1/events", { headers, signal: controller.signal, cache: "no-store" });
    if (!response.ok || response.body === null) return;
    const wasCut = state.kind === "cut";
    setState({ kind: "live" });
    this.#wait = RETRY_MS_MIN;
    // What happened while the stream was away may be more than the events tell.
    if (wasCut) this.#handlers.onMissed();
    const parser = new EventStreamParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let silence = setTimeout(() => controller.abort(), SILENCE_MS_MAX);
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        clearTimeout(silence);
        silence = setTimeout(() => controller.abort(), SILENCE_MS_MAX);
        for (const { id, name, data } of parser.feed(part.value)) {
          if (id !== undefined) this.#last = id;
          if (name === "missed") this.#handlers.onMissed();
          const event = parseData(data);
          if (event !== undefined) this.#handlers.onEvent(event);
        }
      }
    } finally {
      clearTimeout(silence);
    }
  }
}

/** Keeps the stream open while the tab is visible and `enabled`. Mounted once, by the shell. */
export function useEventStream(handlers: Handlers, enabled: boolean): void {
  const { onEvent, onMissed } = handlers;
  useEffect(() => {
    if (!enabled) return undefined;
    const stream = new Stream({ onEvent, onMissed });
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
  }, [enabled, onEvent, onMissed]);
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
