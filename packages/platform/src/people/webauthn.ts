// The verifier of passkeys over @simplewebauthn/server: the site's name and origins are fixed here, a person must have been
// verified by their device, and no attestation is asked for. Whatever the library throws means: not accepted.

import { verifyAuthenticationResponse, verifyRegistrationResponse } from "@simplewebauthn/server";
import type { PasskeyVerifier } from "./passkeys.ts";

/** EdDSA, ES256, RS256 (IANA COSE algorithms): all that browsers offer. */
const ALGORITHMS = [-8, -7, -257];

export type WebauthnOptions = {
  /** The site's name: `localhost`, or the host of its address. An IP address cannot have passkeys. */
  readonly rpId: string;
  /** Addresses of the console, as a browser writes an Origin. */
  readonly origins: readonly string[];
};

export function createWebauthnVerifier({ rpId, origins }: WebauthnOptions): PasskeyVerifier {
  const expected = { expectedOrigin: [...origins], expectedRPID: rpId, requireUserVerification: true };
  return {
    rpId,
    verifyRegistration: async (answer, isExpected) => {
      const response = { ...answer, clientExtensionResults: {} };
      const options = { ...expected, response, expectedChallenge: isExpected, supportedAlgorithmIDs: ALGORITHMS };
      const result = await verifyRegistrationResponse(options).catch(() => undefined);
      if (result?.registrationInfo === undefined || !result.verified) return undefined;
      const { id, publicKey, counter } = result.registrationInfo.credential;
      return { credentialId: id, publicKey: Buffer.from(publicKey).toString("base64url"), counter };
    },
    verifyAssertion: async (answer, isExpected, stored) => {
      const { clientDataJSON, authenticatorData, signature } = answer.response;
      const response = {
        ...answer,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      };
      const publicKey = Uint8Array.from(Buffer.from(stored.publicKey, "base64url"));
      const credential = { id: stored.credentialId, publicKey, counter: stored.counter };
      const options = { ...expected, response, expectedChallenge: isExpected, credential };
      const result = await verifyAuthenticationResponse(options).catch(() => undefined);
      return result?.verified === true ? result.authenticationInfo.newCounter : undefined;
    },
  };
}
