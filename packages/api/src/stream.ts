// Answers that go on: server-sent events (HTML standard, section 9.2) and lines of JSON. What is sent is pulled: the next item
// is asked for when the reader has taken the last one, so nothing is kept for a reader that is slow.

import type { ServerResponse } from "node:http";
import type { RouteKind } from "./route.ts";

/** A sign of life while nothing happens: proxies give a silent stream up after 30 to 60 s. */
export const STREAM_HEARTBEAT_MS = 15_000;

const TYPES = { events: "text/event-stream; charset=utf-8", lines: "application/x-ndjson; charset=utf-8" } as const;

/** An event says its number in `seq`, so that a reader can go on after it; one without number is of the moment alone. */
function encodeItem(kind: "events" | "lines", item: unknown): string {
  const text = JSON.stringify(item);
  if (kind === "lines") return `${text}\n`;
  const seq = typeof item === "object" && item !== null && "seq" in item ? item.seq : null;
  return `${typeof seq === "number" ? `id: ${seq}\n` : ""}data: ${text}\n\n`;
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}

/** Sends all items, until there are no more or the reader is gone. */
export async function sendStream(options: {
  readonly response: ServerResponse;
  readonly kind: Exclude<RouteKind, "json">;
  readonly items: AsyncIterable<unknown>;
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when the reader is gone. */
  readonly signal: AbortSignal;
}): Promise<void> {
  const { response, kind, items, headers, signal } = options;
  response.writeHead(200, { ...headers, "content-type": TYPES[kind] });
  response.flushHeaders();
  const heartbeat =
    kind === "events"
      ? setInterval(() => !response.writableNeedDrain && response.write(":\n\n"), STREAM_HEARTBEAT_MS)
      : undefined;
  try {
    for await (const item of items) {
      if (signal.aborted) break;
      if (!response.write(encodeItem(kind, item))) await drained(response);
      if (signal.aborted) break;
    }
    response.end();
  } catch (error) {
    // The answer has begun: a cut connection is the only way left to say that it is not whole.
    response.destroy();
    throw error;
  } finally {
    clearInterval(heartbeat);
  }
}
