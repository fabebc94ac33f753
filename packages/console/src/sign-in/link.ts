// The one-time link of `bystack open` or an invitation: it stands behind `#k=`, which no server and no log sees. It is taken out of
// the address before anything else happens, so that it is neither bookmarked nor shown.

const MARK = "#k=";

/** The link of this address, once. */
export function takeLink(): string | undefined {
  if (!location.hash.startsWith(MARK)) return undefined;
  const link = location.hash.slice(MARK.length);
  history.replaceState(null, "", location.pathname + location.search);
  return link;
}
