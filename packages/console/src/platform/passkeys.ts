// Passkeys in the browser: from the platform's challenge to what `navigator.credentials` wants, and from its answer to JSON
// (WebAuthn level 3, `toJSON`). Browsers differ in whether they can do the conversions themselves, so they are done here.

import { call, type Reply } from "./api.ts";
import { keepSession } from "./session.ts";

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (sign) => sign.charCodeAt(0));
}

function toBase64Url(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Whether this page may use passkeys: they belong to a name, and need a secure context. */
export function canUsePasskeys(): boolean {
  return globalThis.isSecureContext && "PublicKeyCredential" in globalThis && !/^[\d.[\]:]+$/.test(location.hostname);
}

type Challenge = Reply<"beginPasskey">;

async function assertion({ challenge, rpId, timeout, userVerification }: Challenge): Promise<Record<string, never>> {
  const found = await navigator.credentials.get({
    publicKey: { challenge: fromBase64Url(challenge), rpId, timeout, userVerification },
  });
  if (!(found instanceof PublicKeyCredential) || !(found.response instanceof AuthenticatorAssertionResponse))
    throw new Error("the browser gave no passkey");
  const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
  const answer = {
    id: found.id,
    rawId: toBase64Url(found.rawId),
    type: "public-key",
    response: {
      clientDataJSON: toBase64Url(clientDataJSON),
      authenticatorData: toBase64Url(authenticatorData),
      signature: toBase64Url(signature),
      userHandle: userHandle === null ? null : toBase64Url(userHandle),
    },
  };
  return answer as unknown as Record<string, never>;
}

/** Signs in with whatever passkey somebody has here. */
export async function signInByPasskey(): Promise<Reply<"signInByPasskey">> {
  const answer = await assertion(await call("beginPasskey"));
  const signedIn = await call("signInByPasskey", { body: { answer } });
  keepSession(signedIn.header);
  return signedIn;
}

/** A fresh proof by passkey. */
export async function proveByPasskey(): Promise<void> {
  const answer = await assertion(await call("beginStepUp"));
  keepSession((await call("stepUp", { body: { answer } })).header);
}

/** Makes a passkey on this device or key, and gives its public half to the platform. */
export async function addPasskey(name: string): Promise<void> {
  const { challenge, rpId, timeout, user, exclude, userVerification } = await call("beginPasskeyCreation");
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: fromBase64Url(challenge),
      rp: { id: rpId, name: "Bystack" },
      user: { id: fromBase64Url(user.id), name: user.name, displayName: user.name },
      // Ed25519, ECDSA P-256, RSA: what authenticators have.
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
      timeout,
      excludeCredentials: exclude.map((id) => ({ type: "public-key", id: fromBase64Url(id) })),
      authenticatorSelection: { residentKey: "required", userVerification },
      attestation: "none",
    },
  });
  if (!(made instanceof PublicKeyCredential) || !(made.response instanceof AuthenticatorAttestationResponse))
    throw new Error("the browser made no passkey");
  const answer = {
    id: made.id,
    rawId: toBase64Url(made.rawId),
    type: "public-key",
    response: {
      clientDataJSON: toBase64Url(made.response.clientDataJSON),
      attestationObject: toBase64Url(made.response.attestationObject),
    },
  };
  await call("addPasskey", { body: { name, answer: answer as unknown as Record<string, never> } });
}
