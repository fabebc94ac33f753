// Ed25519 by the browser itself (WebCrypto, RFC 8032): strict in S, as honest validators sign.

/** @returns undefined where this browser has no Ed25519, or no WebCrypto outside secure contexts */
export async function checkEd25519(
  key: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | undefined> {
  const { subtle } = globalThis.crypto ?? {};
  if (subtle === undefined) return undefined;
  let imported: Awaited<ReturnType<typeof subtle.importKey>>;
  try {
    imported = await subtle.importKey("raw", Uint8Array.from(key), { name: "Ed25519" }, false, ["verify"]);
  } catch (error) {
    // A key that is no point is a wrong signature; an algorithm that is not there is no answer.
    return error instanceof DOMException && error.name === "NotSupportedError" ? undefined : false;
  }
  return subtle.verify({ name: "Ed25519" }, imported, Uint8Array.from(signature), Uint8Array.from(bytes));
}
