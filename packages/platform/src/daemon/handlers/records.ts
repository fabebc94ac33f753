// Handlers of what happened: the stream of events, the audit log.

import type { RECORD_ROUTES } from "@bystack/api/platform/record-routes";
import type { CallHandlers, RouteReply } from "@bystack/api/route";
import type { NetworkStatus } from "../../network/status.ts";
import { auditHead, exportAudit } from "../../store/audit-export.ts";
import { numberPart } from "../../store/table.ts";
import { AUDIT, type PlatformEvent } from "../../store/tables.ts";
import type { PlatformCaller } from "../door.ts";
import { TENANT } from "../platform.ts";
import { type HandlerParts, lineOf } from "./parts.ts";

type Handlers = CallHandlers<typeof RECORD_ROUTES, PlatformCaller>;
type Item = RouteReply<(typeof RECORD_ROUTES)["events"]>;

/** Of one network, or of all: an event says in its data or its subject which one it is about. */
function isOf({ topic, subject, data }: PlatformEvent, network: string | undefined): boolean {
  return network === undefined || data.network === network || (topic === "network" && subject === network);
}

/** The events of one reader: those that are written, and the newest picture of each network that it has not seen. */
class Stream {
  readonly #parts: HandlerParts;
  readonly #network: string | undefined;
  readonly #pictures = new Map<string, NetworkStatus>();
  #wake: () => void = () => {};
  #hasNews = true;
  #last: number;

  constructor(parts: HandlerParts, network: string | undefined, last: number) {
    this.#parts = parts;
    this.#network = network;
    this.#last = last;
  }

  #news(): void {
    this.#hasNews = true;
    this.#wake();
  }

  async *items(signal: AbortSignal): AsyncGenerator<Item, void, undefined> {
    const { store, platform } = this.#parts;
    const endings = [
      store.onEvents(() => this.#news()),
      platform.watch.onPicture((status) => {
        if (this.#network !== undefined && status.network !== this.#network) return;
        // A reader that is slow gets the newest one alone.
        this.#pictures.set(status.network, status);
        this.#news();
      }),
    ];
    const onAbort = (): void => this.#wake();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        this.#hasNews = false;
        yield* this.#written();
        yield* this.#seen();
        if (this.#hasNews || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          // Between the look and this promise nothing ran; the signal may have been given before.
          if (signal.aborted) resolve();
        });
      }
    } finally {
      for (const end of endings) end();
      signal.removeEventListener("abort", onAbort);
    }
  }

  async *#written(): AsyncGenerator<Item, void, undefined> {
    for (;;) {
      const { events, missed } = await this.#parts.store.eventsAfter(TENANT, this.#last);
      const last = events.at(-1)?.seq;
      if (last === undefined) return;
      if (missed) yield { seq: null, atMs: events[0]?.atMs ?? 0, topic: "gap", subject: "", data: {} };
      for (const event of events) if (isOf(event, this.#network)) yield event;
      this.#last = last;
    }
  }

  *#seen(): Generator<Item, void, undefined> {
    const pictures = [...this.#pictures.values()];
    this.#pictures.clear();
    for (const status of pictures) {
      const data = JSON.parse(JSON.stringify(status)) as Item["data"];
      yield { seq: null, atMs: this.#parts.now(), topic: "status", subject: status.network, data };
    }
  }
}

export function recordHandlers(parts: HandlerParts): Handlers {
  const { store, people, onStopAsked, platform } = parts;
  const view = ({ call }: PlatformCaller) => store.tenant(call.actor.tenant);
  return {
    events: async ({ query }, { caller, lastEventId, signal }) => {
      const { via, credentialId } = caller.call.actor;
      const done = people.limits.openStream(`${via} ${credentialId}`);
      // Where it begins is fixed before the answer begins: nothing that comes after that is missed.
      const newest = await store.newestEvent(TENANT);
      const last = lastEventId === undefined ? newest : Math.min(lastEventId, newest);
      const stream = new Stream(parts, query.network, last);
      return (async function* () {
        try {
          yield* stream.items(signal);
        } finally {
          done();
        }
      })();
    },
    audit: async ({ query }, { caller }) => {
      const after = query.cursor === undefined ? undefined : [query.cursor];
      const rows = await view(caller).list(AUDIT, { limit: query.limit, after, reverse: true });
      const last = rows.at(-1)?.value.seq;
      return {
        items: rows.map(({ value }) => value),
        next: rows.length === query.limit && last !== undefined ? numberPart(last) : null,
      };
    },
    exportAudit: async function* ({ query }, { caller }) {
      for await (const line of exportAudit(view(caller), query.after)) yield JSON.parse(line);
    },
    auditHead: (_, { caller }) => auditHead(view(caller)),
    stopPlatform: async (_, { caller }) => {
      await platform.note(lineOf(caller, "stopPlatform", ""));
      onStopAsked();
      return { stopping: true as const };
    },
  };
}
