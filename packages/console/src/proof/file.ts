// A proof as a file: what was proven, by which chain, and everything that the check needs. What is read here was written by
// somebody else: every part is checked for its form before it is used, and limited in size.

import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { z } from "zod";

/** Characters of a proof file: 256 headers, a certificate of 100 signatures, a spec of 1 MiB, and room. */
export const PROOF_CHARS_MAX = 2 << 20;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const common = {
  format: z.literal(1),
  network: z.string().max(31),
  chain: z.string().max(31),
  transaction: hash,
  inclusion: PLATFORM_ROUTES["chain.proof"].reply,
};

const proofFile = z.discriminatedUnion("kind", [
  z.object({ ...common, kind: z.literal("main") }),
  z.object({
    ...common,
    kind: z.literal("side"),
    /** The chain's spec as canonical JSON; its hash is the id of the chain. */
    spec: z.string().max(1 << 20),
    finality: PLATFORM_ROUTES["chain.finality"].reply,
  }),
]);

export type ProofFile = z.output<typeof proofFile>;
export type MainProof = Extract<ProofFile, { kind: "main" }>;
export type SideProof = Extract<ProofFile, { kind: "side" }>;

/** @returns the proof, or what is wrong with the text */
export function parseProof(text: string): ProofFile | string {
  if (text.length > PROOF_CHARS_MAX) return `It is longer than ${PROOF_CHARS_MAX} characters.`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "It is not JSON. A proof is what “Save the proof” on this page writes.";
  }
  const parsed = proofFile.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return `It is not a proof: ${issue === undefined ? "its form is another" : `${issue.path.join(".") || "the whole"}: ${issue.message}`}.`;
}

export function formatProof(proof: ProofFile): string {
  return `${JSON.stringify(proof, null, 2)}\n`;
}
