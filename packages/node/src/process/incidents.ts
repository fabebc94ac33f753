// What was wrong with a node's own files and what it did about it: a short list that outlives restarts, in incidents.json.
// It is for people and for `bystack why`; nothing that the node decides about votes rests on it. A list that cannot be read
// is itself an incident, and begun anew.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { storageError } from "@bystack/storage/errors";
import type { Clock, Logger } from "@bystack/utils/ports";
import { z } from "zod";

/** Incidents kept; the oldest goes first. A node that has more than these within living memory needs another disk. */
export const INCIDENTS_MAX = 64;
/** Characters of one sentence of an incident: a path, a place and a reason. */
export const INCIDENT_TEXT_MAX = 400;

export const INCIDENT_CODES = [
  "block-log-damaged",
  "block-log-behind",
  "blocks-missing",
  "state-fetched",
  "snapshot-damaged",
  "index-damaged",
  "index-missing",
  "member-store-damaged",
  "record-damaged",
  "record-missing",
  "incidents-damaged",
] as const;
export type IncidentCode = (typeof INCIDENT_CODES)[number];

const text = z.string().max(INCIDENT_TEXT_MAX);
const incident = z.strictObject({
  code: z.enum(INCIDENT_CODES),
  atMs: z.number().int(),
  /** From the node's folder. */
  file: text,
  what: text,
  done: text,
});
const list = z.strictObject({ format: z.literal(1), items: z.array(incident).max(INCIDENTS_MAX) });

export type Incident = z.output<typeof incident>;

const FILE = "incidents.json";

function parseList(path: string): Incident[] | undefined {
  try {
    const parsed = list.safeParse(JSON.parse(readFileSync(path, "utf8")));
    return parsed.success ? parsed.data.items : undefined;
  } catch {
    return undefined;
  }
}

function saveList(path: string, items: readonly Incident[]): void {
  try {
    const file = openSync(`${path}.tmp`, "w", 0o600);
    try {
      writeSync(file, `${JSON.stringify({ format: 1, items }, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.tmp`, path);
  } catch (cause) {
    const isFull = ["ENOSPC", "EDQUOT"].includes((cause as NodeJS.ErrnoException).code ?? "");
    throw storageError(isFull ? "DISK_FULL" : "DISK_IO", { why: `${FILE} cannot be written`, cause });
  }
}

export class Incidents {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #noted = new Set<string>();
  #items: Incident[];

  /** @throws BystackError DISK_FULL, DISK_IO */
  constructor(options: { readonly folder: string; readonly clock: Clock; readonly logger: Logger }) {
    this.#path = join(options.folder, FILE);
    this.#clock = options.clock;
    this.#logger = options.logger;
    const found = existsSync(this.#path) ? parseList(this.#path) : [];
    this.#items = found ?? [];
    if (found === undefined)
      this.note({
        code: "incidents-damaged",
        file: FILE,
        what: "the list of incidents cannot be read",
        done: "it was begun anew; what it said is in the older lines of log/node.log",
      });
  }

  /** Newest last. */
  get items(): readonly Incident[] {
    return this.#items;
  }

  /** Remembers and logs what happened. The same thing is noted once in the life of a process, under its newest time. */
  note(entry: Omit<Incident, "atMs">): void {
    const key = `${entry.code} ${entry.file} ${entry.what}`;
    if (this.#noted.has(key)) return;
    if (this.#noted.size >= INCIDENTS_MAX) this.#noted.clear();
    this.#noted.add(key);
    const short = {
      code: entry.code,
      atMs: this.#clock.nowMs(),
      file: entry.file.slice(0, INCIDENT_TEXT_MAX),
      what: entry.what.slice(0, INCIDENT_TEXT_MAX),
      done: entry.done.slice(0, INCIDENT_TEXT_MAX),
    };
    const others = this.#items.filter(({ code, file, what }) => `${code} ${file} ${what}` !== key);
    this.#items = [...others, short].slice(-INCIDENTS_MAX);
    this.#logger.error(entry.what, { incident: entry.code, file: entry.file, done: entry.done });
    saveList(this.#path, this.#items);
  }
}
