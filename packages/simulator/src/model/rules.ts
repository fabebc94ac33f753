// The voting rules of one epoch (bbft.md sections 4, 6 and 10), each one line of logic and written down once: the search of
// the model asks them what may happen next, and the conformance check asks them whether what the real engine did may.
// A rule says why a vote is not allowed; it knows nothing of networks, time or signatures. `B` is whatever names a block.

/** Every rule that can be taken out, for the search's test of itself, and what it says. */
export const RULE_TEXT = {
  enter: "a view is entered on a certificate of the view before it",
  view: "NOTARIZE and NULLIFY only in the view that one is in",
  S1: "one NOTARIZE in a view",
  S2: "never NULLIFY and FINALIZE in one view",
  late: "no NOTARIZE after NULLIFY in a view",
  parent: "NOTARIZE only when the parent has a NOTARIZE certificate (S3)",
  skips: "NOTARIZE only with NULLIFY certificates for all views since the parent's (S3)",
  ended: "the last block of an epoch is not extended inside it",
  again: "the last block once more only with NULLIFY certificates for all views since its NOTARIZE certificate",
  certificate: "FINALIZE only under a NOTARIZE certificate of that view (S4)",
  quorum: "a certificate takes n - f signers (S6)",
  timeout: "whoever has waited long enough in a view votes NULLIFY",
  hold: "a certificate that was acted upon is kept and passed on",
  repropose: "the last block of an epoch is proposed again until it is final",
} as const;

export type RuleName = keyof typeof RULE_TEXT;

export const RULES = Object.keys(RULE_TEXT) as readonly RuleName[];

/** Certificates that there can be, or that somebody holds: the rules do not ask which. */
export type Certificates<B> = {
  notarized(view: number, block: B): boolean;
  nullified(view: number): boolean;
  /** A certificate of any kind. */
  certified(view: number): boolean;
};

/** What one validator has signed in the view that is asked about, and whether it is in that view. */
export type Own = {
  readonly isPresent: boolean;
  readonly notarized: boolean;
  readonly nullified: boolean;
  readonly finalized: boolean;
};

/** A block as it is proposed in a view: new, or an epoch's last one once more. */
export type Proposed<B> = {
  readonly view: number;
  readonly block: B;
  /** View that the block was made for; earlier than `view` when it is proposed again. */
  readonly made: number;
  readonly parent: B;
  readonly parentView: number;
  /** The parent is the block that counts as view 0 of the epoch. */
  readonly opens: boolean;
  /** The parent is the last block of its epoch, and not the one that counts as view 0. */
  readonly parentEnds: boolean;
  /** The block is the last one of its epoch. */
  readonly ends: boolean;
};

type Removed = ReadonlySet<RuleName>;

export function forbidsEntering<B>(removed: Removed, certificates: Certificates<B>, view: number) {
  const isOpen = view === 1 || certificates.certified(view - 1) || removed.has("enter");
  return isOpen ? undefined : ("enter" satisfies RuleName);
}

function areNullified<B>(certificates: Certificates<B>, after: number, before: number): boolean {
  for (let view = after + 1; view < before; view += 1) if (!certificates.nullified(view)) return false;
  return true;
}

function forbidsExtension<B>(removed: Removed, certificates: Certificates<B>, one: Proposed<B>): RuleName | undefined {
  const { view, parent, parentView } = one;
  if (parentView >= view) return "parent";
  if (one.parentEnds && !removed.has("ended")) return "ended";
  const isHeld = parentView === 0 ? one.opens : certificates.notarized(parentView, parent);
  if (!isHeld && !removed.has("parent")) return "parent";
  return areNullified(certificates, parentView, view) || removed.has("skips") ? undefined : "skips";
}

function forbidsAgain<B>(removed: Removed, certificates: Certificates<B>, one: Proposed<B>): RuleName | undefined {
  if (!one.ends || one.made > one.view) return "again";
  for (let view = one.view - 1; view >= one.made; view -= 1) {
    const isFree = removed.has("again") || areNullified(certificates, view, one.view);
    if (isFree && certificates.notarized(view, one.block)) return undefined;
  }
  return "again";
}

/** @returns the rule that does not allow this NOTARIZE, if one does not. */
export function forbidsNotarize<B>(
  removed: Removed,
  certificates: Certificates<B>,
  own: Own,
  proposed: Proposed<B>,
): RuleName | undefined {
  if (!own.isPresent && !removed.has("view")) return "view";
  if (own.notarized && !removed.has("S1")) return "S1";
  if (own.nullified && !removed.has("late")) return "late";
  return proposed.made === proposed.view
    ? forbidsExtension(removed, certificates, proposed)
    : forbidsAgain(removed, certificates, proposed);
}

/** @returns the rule that does not allow this NULLIFY, if one does not. */
export function forbidsNullify(removed: Removed, own: Own): RuleName | undefined {
  if (own.finalized && !removed.has("S2")) return "S2";
  // Whoever has voted FINALIZE holds a certificate of the view and has left it: that is S2's to forbid.
  return own.isPresent || own.finalized || removed.has("view") ? undefined : "view";
}

/** @returns the rule that does not allow this FINALIZE, if one does not; it may come long after the view was left. */
export function forbidsFinalize<B>(
  removed: Removed,
  certificates: Certificates<B>,
  own: Own,
  vote: { readonly view: number; readonly block: B },
): RuleName | undefined {
  if (own.nullified && !removed.has("S2")) return "S2";
  const isCertified = certificates.notarized(vote.view, vote.block) || removed.has("certificate");
  return isCertified ? undefined : "certificate";
}
