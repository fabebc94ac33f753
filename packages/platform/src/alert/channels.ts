// Channels: where alerts are told. What leads there is sealed; shown is a name, a kind and where it goes without what is secret.

import { type ChannelDraft, channelDraft } from "@bystack/api/alert-schema";
import type { Rng } from "@bystack/utils/ports";
import { platformError } from "../errors.ts";
import type { AuditLine } from "../operation/journal.ts";
import { OUTBOUND_URL_CHARS_MAX } from "../outbound.ts";
import { type PlatformStore, put } from "../store/store.ts";
import type { Table } from "../store/table.ts";
import type { Message } from "./message.ts";
import type { Seal } from "./seal.ts";
import type { Send } from "./send.ts";
import { CHANNELS, CHANNELS_MAX, type ChannelRow } from "./tables.ts";

const ID_BYTES = 8;

/** Where it leads, for everybody who may see channels: the path and the query of a webhook are often its secret. */
function targetOf(draft: ChannelDraft): string {
  if (draft.kind === "webhook") return new URL(draft.url).origin;
  const { to, host, port } = draft;
  return `${to.length} ${to.length === 1 ? "address" : "addresses"} by ${host}:${port}`;
}

/** @throws BystackError CHANNEL_INVALID */
function assertSound(draft: ChannelDraft): void {
  const refuse = (why: string) => platformError("CHANNEL_INVALID", { why });
  if (draft.kind === "webhook") {
    if (draft.url.length > OUTBOUND_URL_CHARS_MAX || !URL.canParse(draft.url)) throw refuse("the URL is no URL");
    const { protocol, username, password } = new URL(draft.url);
    if (protocol !== "https:" && protocol !== "http:") throw refuse("only https is called");
    if (username !== "" || password !== "") throw refuse("the URL carries a user name or a password");
    return;
  }
  if ((draft.user === null) !== (draft.password === null))
    throw refuse("a user needs a password, and the other way round");
}

export class Channels {
  readonly #options: { store: PlatformStore; tenant: string; rng: Rng; seal: Seal; send: Send; nowMs: () => number };
  #rows: readonly ChannelRow[] = [];

  constructor(options: {
    readonly store: PlatformStore;
    readonly tenant: string;
    readonly rng: Rng;
    readonly seal: Seal;
    readonly send: Send;
    readonly nowMs: () => number;
  }) {
    this.#options = options;
  }

  get rows(): readonly ChannelRow[] {
    return this.#rows;
  }

  async start(): Promise<void> {
    const { store, tenant } = this.#options;
    this.#rows = (await store.tenant(tenant).list(CHANNELS, { limit: CHANNELS_MAX })).map(({ value }) => value);
  }

  /** @throws BystackError CHANNEL_INVALID, CHANNELS_FULL */
  async add(draft: ChannelDraft, audit?: AuditLine): Promise<ChannelRow> {
    assertSound(draft);
    const { store, tenant, rng, seal, nowMs } = this.#options;
    const id = `c${Buffer.from(rng.bytes(ID_BYTES)).toString("hex")}`;
    const { kind, name, network } = draft;
    const sealed = seal.seal(`channel ${id}`, JSON.stringify(draft));
    const row: ChannelRow = { id, kind, name, network, target: targetOf(draft), createdAtMs: nowMs(), sealed };
    await store.update(tenant, async (view) => {
      const rows = await view.list(CHANNELS, { limit: CHANNELS_MAX });
      if (rows.length >= CHANNELS_MAX) throw platformError("CHANNELS_FULL", { why: `there are ${rows.length}` });
      const events = [{ topic: "channel", subject: id, data: { network, added: true } }];
      return [{ puts: [put(CHANNELS, [id], row)], events, ...(audit && { audit }) }, undefined];
    });
    this.#rows = [...this.#rows, row];
    return row;
  }

  /** @throws BystackError CHANNEL_NOT_FOUND */
  async remove(id: string, audit?: AuditLine): Promise<void> {
    const { network } = this.#row(id);
    const { store, tenant } = this.#options;
    const deletes = [{ table: CHANNELS as Table<never>, key: [id] }];
    const events = [{ topic: "channel", subject: id, data: { network, removed: true } }];
    await store.write(tenant, { deletes, events, ...(audit && { audit }) });
    this.#rows = this.#rows.filter((row) => row.id !== id);
  }

  #row(id: string): ChannelRow {
    const row = this.#rows.find((candidate) => candidate.id === id);
    if (row === undefined) throw platformError("CHANNEL_NOT_FOUND");
    return row;
  }

  /** Sends a message through a channel. @throws BystackError CHANNEL_NOT_FOUND, SEAL_BROKEN and what {@link Send} throws */
  async deliver(id: string, message: Message): Promise<void> {
    const { seal, send } = this.#options;
    const draft = channelDraft.parse(JSON.parse(seal.open(`channel ${id}`, this.#row(id).sealed)));
    await send(draft, message);
  }
}
