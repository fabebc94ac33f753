// The header half of the session: kept in local storage, where other ports of the same host cannot send it from, and sent with
// each call. The cookie half is out of every script's reach. Tabs of one browser share a session and hear of its end.

import { useSyncExternalStore } from "react";

export const SESSION_HEADER = "x-bystack-session";
const KEY = "bystack.session";

/** Whether somebody is signed in here, and if not, why they must sign in again. */
export type SessionState =
  | { readonly kind: "open" }
  | { readonly kind: "ended"; readonly code: string; readonly why: string };

let state: SessionState = { kind: "open" };
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

export function headerHalf(): string | undefined {
  try {
    return localStorage.getItem(KEY) ?? undefined;
  } catch {
    // A browser that keeps nothing for this site: every reload signs in again.
    return undefined;
  }
}

/** After a sign-in, a step-up or a rotation. */
export function keepSession(half: string): void {
  try {
    localStorage.setItem(KEY, half);
  } catch {
    // As above.
  }
  state = { kind: "open" };
  tell();
}

/** The platform does not know the session (any more), or somebody signed out. */
export function endSession(code: string, why: string): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // As above.
  }
  state = { kind: "ended", code, why };
  tell();
}

globalThis.addEventListener?.("storage", (event) => {
  if (event.key !== KEY) return;
  state = event.newValue === null ? { kind: "ended", code: "SIGNED_OUT", why: "in another tab" } : { kind: "open" };
  tell();
});

export function useSession(): SessionState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
