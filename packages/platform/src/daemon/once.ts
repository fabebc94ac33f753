// Calls that come again: the same request under the same idempotency key gets the answer of the first time, for a day; another
// request under that key is refused. Kept as a digest of who asked, for what, and their key.

import { PEOPLE_ROUTES } from "@bystack/api/platform/people-routes";
import type { RepeatedCall } from "@bystack/api/server";
import type { Clock } from "@bystack/utils/ports";
import { z } from "zod";
import { platformError } from "../errors.ts";
import { sha3Hex } from "../store/audit.ts";
import { type PlatformStore, put } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import { REPLIES, REPLIES_KEPT_MS } from "../store/tables.ts";
import type { PlatformCaller } from "./door.ts";

/** Answers that one sweep removes: more than a day has at the rate that one person may write. */
const SWEPT_MAX = 1_000;

export class Once {
  readonly #store: PlatformStore;
  readonly #clock: Clock;
  /** Calls under way: a second one waits for the first. */
  readonly #underWay = new Map<string, { readonly requestHash: string; readonly reply: Promise<unknown> }>();

  constructor(options: { readonly store: PlatformStore; readonly clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** @throws BystackError CALL_REPEATED */
  async answer(call: RepeatedCall<PlatformCaller>, run: () => Promise<unknown>): Promise<unknown> {
    const { id, caller, key, requestHash } = call;
    const { tenant, userId, via } = caller.call.actor;
    // Answers about people have secrets in them, and whoever is nobody shares a name with all others.
    if (via === "none" || Object.hasOwn(PEOPLE_ROUTES, id)) return run();
    const row = sha3Hex(JSON.stringify([via, userId, id, key]));
    const assertSame = (first: string): void => {
      if (first !== requestHash) throw platformError("CALL_REPEATED");
    };
    const running = this.#underWay.get(row);
    if (running !== undefined) {
      assertSame(running.requestHash);
      return running.reply;
    }
    const reply = (async (): Promise<unknown> => {
      const known = await this.#store.tenant(tenant).get(REPLIES, [row]);
      const atMs = this.#clock.nowMs();
      if (known !== undefined && known.atMs + REPLIES_KEPT_MS > atMs) {
        assertSame(known.requestHash);
        return known.reply;
      }
      const made = z.json().parse(JSON.parse(JSON.stringify(await run())));
      await this.#store.write(tenant, { puts: [put(REPLIES, [row], { requestHash, reply: made, atMs })] });
      return made;
    })();
    this.#underWay.set(row, { requestHash, reply });
    try {
      return await reply;
    } finally {
      this.#underWay.delete(row);
    }
  }

  /** Removes answers that are a day old. @returns how many went */
  async sweep(tenant: string): Promise<number> {
    const until = this.#clock.nowMs() - REPLIES_KEPT_MS;
    const rows = await this.#store.tenant(tenant).list(REPLIES, { limit: SWEPT_MAX });
    const old = rows.filter(({ value }) => value.atMs <= until);
    await this.#store.write(tenant, { deletes: old.map(({ key }) => ({ table: REPLIES as Table<never>, key })) });
    return old.length;
  }
}
