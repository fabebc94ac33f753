// What the exit code of a node means, and whether a restart can help (platform.md section 3).

export type ExitMeaning = { readonly meaning: string; readonly restart: "never" | "backoff" };

const MEANINGS: Readonly<Record<number, ExitMeaning>> = {
  0: { meaning: "ended as asked", restart: "never" },
  64: { meaning: "its options are wrong", restart: "never" },
  65: { meaning: "its data belong to another chain", restart: "never" },
  66: { meaning: "another process uses its folder", restart: "never" },
  67: { meaning: "its data are damaged", restart: "never" },
  68: { meaning: "a write to disk failed, so it stopped voting and ended", restart: "backoff" },
  69: { meaning: "its keys are locked", restart: "never" },
  70: { meaning: "a rule that must always hold was broken", restart: "never" },
  71: { meaning: "the chain's rules are newer than this release", restart: "never" },
  72: { meaning: "its key is in use by another instance", restart: "never" },
  73: { meaning: "a port it needs is taken", restart: "backoff" },
  75: { meaning: "an error of its own", restart: "backoff" },
  134: { meaning: "out of memory", restart: "backoff" },
};

const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: "killed from outside",
  SIGTERM: "stopped from outside",
  SIGINT: "interrupted from outside",
  SIGABRT: "out of memory",
};

export function explainExit(code: number | null, signal: string | null): ExitMeaning {
  if (signal !== null) return { meaning: SIGNALS[signal] ?? `ended by ${signal}`, restart: "backoff" };
  if (code === null) return { meaning: "gone; nobody saw how", restart: "backoff" };
  return MEANINGS[code] ?? { meaning: `ended with code ${code}`, restart: "backoff" };
}

/** Restarts wait 1, 2, 4 … 60 s, with a fifth of jitter either way. */
export const RESTART_DELAY_MS_MAX = 60_000;
/** This many exits within the window and the node counts as failed: a person must look. */
export const RESTART_EXITS_MAX = 5;
export const RESTART_WINDOW_MS = 600_000;

/** @param recentExits exits within the window, this one included. Undefined: do not restart. */
export function restartDelayMs(recentExits: number, random: number): number | undefined {
  if (recentExits >= RESTART_EXITS_MAX) return undefined;
  const base = Math.min(RESTART_DELAY_MS_MAX, 1000 * 2 ** (recentExits - 1));
  return Math.round(base * (0.8 + 0.4 * random));
}
