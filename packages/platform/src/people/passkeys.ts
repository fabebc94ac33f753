// Passkeys (WebAuthn level 3) as the rest of this folder sees them: challenges that are good once and for five minutes, and a
// verifier behind a port (`webauthn.ts` has the library). A page makes and uses them; nothing here is secret but the challenge.

import type { Rng } from "@bystack/utils/ports";
import { z } from "zod";
import { isLive } from "./time.ts";

/** Challenges that wait for their answer; the oldest goes first. */
export const CHALLENGES_MAX = 10_000;
/** Characters of one field of an answer: a client's data, an attestation without a chain of certificates. */
export const PASSKEY_FIELD_CHARS_MAX = 16_384;
const CHALLENGE_MS = 5 * 60_000;
const CHALLENGE_BYTES = 32;

const field = z
  .string()
  .max(PASSKEY_FIELD_CHARS_MAX)
  .regex(/^[A-Za-z0-9_-]*$/);
const credential = z
  .string()
  .min(1)
  .max(1_400)
  .regex(/^[A-Za-z0-9_-]+$/);

/** What `navigator.credentials.create` answered, as `PublicKeyCredential.toJSON` writes it; other fields are left out. */
export const REGISTRATION = z.object({
  id: credential,
  rawId: credential,
  type: z.literal("public-key"),
  response: z.object({ clientDataJSON: field, attestationObject: field }),
});
/** What `navigator.credentials.get` answered. */
export const ASSERTION = z.object({
  id: credential,
  rawId: credential,
  type: z.literal("public-key"),
  response: z.object({
    clientDataJSON: field,
    authenticatorData: field,
    signature: field,
    userHandle: field.nullish(),
  }),
});
export type Registration = z.infer<typeof REGISTRATION>;
export type Assertion = z.infer<typeof ASSERTION>;

export type StoredCredential = { readonly credentialId: string; readonly publicKey: string; readonly counter: number };

/** Checks answers against the site's name and origins. Undefined: not accepted, for whatever reason. */
export type PasskeyVerifier = {
  readonly rpId: string;
  readonly verifyRegistration: (
    answer: Registration,
    isExpected: (challenge: string) => boolean,
  ) => Promise<StoredCredential | undefined>;
  /** @returns the new counter */
  readonly verifyAssertion: (
    answer: Assertion,
    isExpected: (challenge: string) => boolean,
    stored: StoredCredential,
  ) => Promise<number | undefined>;
};

/** What the page passes to `navigator.credentials`, by `PublicKeyCredential.parse…OptionsFromJSON`. */
export type PasskeyChallenge = {
  readonly challenge: string;
  readonly rpId: string;
  readonly timeout: number;
  readonly userVerification: "required";
};

type Waiting = { readonly purpose: string; readonly atMs: number };

export class Challenges {
  readonly #rng: Rng;
  readonly #now: () => number;
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: { readonly rng: Rng; readonly now: () => number }) {
    this.#rng = options.rng;
    this.#now = options.now;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @param purpose what it is for and whose: an answer for anything else is not accepted */
  make(purpose: string, rpId: string): PasskeyChallenge {
    const [oldest] = this.#waiting.keys();
    if (oldest !== undefined && this.#waiting.size >= CHALLENGES_MAX) this.#waiting.delete(oldest);
    const challenge = Buffer.from(this.#rng.bytes(CHALLENGE_BYTES)).toString("base64url");
    this.#waiting.set(challenge, { purpose, atMs: this.#now() });
    return { challenge, rpId, timeout: CHALLENGE_MS, userVerification: "required" };
  }

  /** Uses a challenge up, also when it was for something else. */
  take(purpose: string, challenge: string): boolean {
    const waiting = this.#waiting.get(challenge);
    this.#waiting.delete(challenge);
    return waiting !== undefined && waiting.purpose === purpose && isLive(waiting.atMs, CHALLENGE_MS, this.#now());
  }
}
