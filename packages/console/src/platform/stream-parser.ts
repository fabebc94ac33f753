// Server-sent events as they come off the wire, cut anywhere. Pure; the reader around it does the network.

/** Characters of one event that are kept while its end has not come: far above any event of the platform. */
export const EVENT_CHARS_MAX = 1 << 18;

export type RawEvent = { readonly id: string | undefined; readonly name: string; readonly data: string };

/** Splits a stream of text into events. Feed it what arrives; it keeps what is not complete yet. */
export class EventStreamParser {
  #rest = "";

  /** @throws Error when an event has no end within {@link EVENT_CHARS_MAX} characters */
  feed(chunk: string): RawEvent[] {
    // A carriage return at the very end may be half of a line's end.
    this.#rest = (this.#rest + chunk).replace(/\r\n|\r(?!$)/g, "\n");
    const events: RawEvent[] = [];
    for (let end = this.#rest.indexOf("\n\n"); end >= 0; end = this.#rest.indexOf("\n\n")) {
      const event = parseEvent(this.#rest.slice(0, end));
      this.#rest = this.#rest.slice(end + 2);
      if (event !== undefined) events.push(event);
    }
    if (this.#rest.length > EVENT_CHARS_MAX) throw new Error("an event without an end");
    return events;
  }
}

function parseEvent(block: string): RawEvent | undefined {
  let id: string | undefined;
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    // A line that begins with a colon is a heartbeat.
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "event") name = value;
  }
  return data.length === 0 ? undefined : { id, name, data: data.join("\n") };
}
