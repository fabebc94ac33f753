// What the end of a node's process means for a person: from its exit code and its last words to one sentence and a command.

import type { FindingId } from "@bystack/api/why-schema";
import type { NodeExit } from "../../provider/provider.ts";
import { size } from "../draft.ts";

export type End = {
  readonly id: FindingId;
  readonly sentence: string;
  readonly evidence: readonly string[];
  readonly commands: readonly string[];
};

type Kind = { readonly id: FindingId; readonly next: string };

const KINDS: Readonly<Record<number, Kind>> = {
  64: { id: "options-wrong", next: "Correct what the last line names in its node.json or spec." },
  65: {
    id: "wrong-network",
    next: "Its data folder is another chain's: put the right spec or the right folder in place.",
  },
  66: { id: "folder-in-use", next: "Stop the other process that the last line names." },
  67: { id: "data-damaged", next: "Keep a copy of data/side for a report, then rebuild the node from its peers." },
  68: { id: "disk-failed", next: "Check the disk, then start it again; it recovers from what is on it." },
  69: { id: "key-locked", next: "Put its folder keys/ back from a backup." },
  70: { id: "diverged", next: "Keep its data folder and report it; then rebuild the node from its peers." },
  71: { id: "old-release", next: "Use the newer release." },
  72: { id: "double-run", next: "Stop the other instance of its key." },
  73: { id: "port-stolen", next: "Free the port, or set it to 0 in node.json." },
};
const OTHER: Kind = { id: "process-down", next: "Start it again." };
const FULL: Kind = { id: "disk-full", next: "Free space on the disk of its folder, then start it again." };
const MEMORY: Kind = { id: "out-of-memory", next: "Give it more memory: memoryMiB in node.json." };
/** What is mended by making the node's data anew from its peers. */
const REBUILT: readonly FindingId[] = ["data-damaged", "diverged"];
const CODE_OUT_OF_MEMORY = 134;
/** What V8 and the kernel say; an abort without it had another reason. */
const SAYS_MEMORY = /heap out of memory|out of memory|allocation failed/i;

/** Lines that only tell how it ended, not why. */
const IS_CLOSING = /^next: |"message":"(?:stopping|stopped)"/;

/** The last line that says something: a line of the log is JSON, with the reason in `why`. */
export function lastWords(tail: readonly string[]): string | undefined {
  const line = tail.findLast((text) => text.trim() !== "" && !IS_CLOSING.test(text));
  if (line === undefined) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === "object" && entry !== null) {
      if ("why" in entry && typeof entry.why === "string") return entry.why;
      if ("message" in entry && typeof entry.message === "string") return entry.message;
    }
  } catch {
    // What it printed beside its log.
  }
  return line;
}

function kindOf(exit: NodeExit, words: string): Kind {
  if (exit.code === 68 && /DISK_FULL|ENOSPC|EDQUOT/.test(words)) return FULL;
  const spoke = exit.tail.some((line) => SAYS_MEMORY.test(line));
  // A code of 134 is how a shell tells of an abort; of a signal the words must say it.
  if (exit.code === CODE_OUT_OF_MEMORY || (exit.signal === "SIGABRT" && spoke)) return MEMORY;
  return (exit.code === null ? undefined : KINDS[exit.code]) ?? OTHER;
}

/** @param rssBytes memory of the last process of the node, where it is known */
export function explainEnd(node: string, exit: NodeExit, rssBytes?: number): End {
  const words = lastWords(exit.tail);
  const { id, next } = kindOf(exit, words ?? "");
  const how = exit.signal ?? `exit code ${exit.code ?? "unknown"}`;
  const meaning = id === "process-down" && exit.signal === "SIGABRT" ? "it aborted" : exit.meaning;
  return {
    id,
    sentence: `${node} is not running: ${meaning} (${how}). ${next}`,
    evidence: [
      ...(words === undefined ? [] : [words]),
      ...(rssBytes === undefined ? [] : [`memory of the process: ${size(rssBytes)}`]),
    ],
    commands: [
      `bystack logs ${node}`,
      ...(REBUILT.includes(id) ? [`bystack node rebuild ${node}`] : []),
      `bystack node start ${node}`,
    ],
  };
}
