// A definition that somebody is writing: kept in this tab, by network, until it is applied or thrown away, so that neither a look
// at another page nor a reload loses it.

import { useCallback, useSyncExternalStore } from "react";

const KEY = "bystack.draft.";
const listeners = new Set<() => void>();

function readDraft(network: string): string | undefined {
  try {
    return sessionStorage.getItem(KEY + network) ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param text undefined: thrown away */
export function keepDraft(network: string, text: string | undefined): void {
  try {
    if (text === undefined) sessionStorage.removeItem(KEY + network);
    else sessionStorage.setItem(KEY + network, text);
  } catch {
    // Without storage a draft lives as long as its page.
  }
  for (const listener of listeners) listener();
}

/** The draft of a network; `new` is the one of a network that is not there yet. */
export function useDraft(network: string): string | undefined {
  const subscribe = useCallback((listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return useSyncExternalStore(subscribe, () => readDraft(network));
}
