// Checks that a transaction is in a final block of a side chain, with nothing but the chain's spec: the id of the chain is the
// hash of the spec, the spec names the committee, and a quorum of it signed the certificate (bbft.md sections 3 and 4).

import { sha3_256 } from "@bystack/crypto/hash";
import { type Certificate, quorumSize, readCertificate, signersOf } from "@bystack/protocol/side/certificate";
import { readSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import { type EpochCommittee, type VerifySignature, verifyFinality } from "@bystack/protocol/side/light-client";
import { ByteReader } from "@bystack/protocol/wire";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@bystack/utils/bytes";
import { z } from "zod";
import type { SideProof } from "./file.ts";
import { type ProofResult, type ProofStep, pathStep, resultOf } from "./steps.ts";

/** Whether one Ed25519 signature is good; undefined where the browser cannot say. */
export type SignatureCheck = (
  key: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean | undefined>;

/** Of the spec, what says who may sign. */
const committeeOf = z.object({
  committee: z
    .array(z.object({ id: z.string().max(64), voteKey: z.string().regex(/^[0-9a-f]{64}$/) }))
    .min(1)
    .max(100),
  /** There where the committee is elected. */
  votes: z.unknown().optional(),
});

type Spec = { readonly names: readonly string[]; readonly keys: readonly Uint8Array[]; readonly isElected: boolean };

function parseSpec(text: string): Spec | undefined {
  try {
    const { committee, votes } = committeeOf.parse(JSON.parse(text));
    return {
      names: committee.map(({ id }) => id),
      keys: committee.map(({ voteKey }) => hexToBytes(voteKey)),
      isElected: votes !== null && votes !== undefined,
    };
  } catch {
    return undefined;
  }
}

function readHeader(hex: string): SideHeader | undefined {
  const reader = new ByteReader(hexToBytes(hex));
  const header = readSideHeader(reader);
  reader.finish();
  return reader.error === undefined ? header : undefined;
}

function readCertificateOf(hex: string): Certificate | undefined {
  const reader = new ByteReader(hexToBytes(hex));
  const certificate = readCertificate(reader);
  reader.finish();
  return reader.error === undefined ? certificate : undefined;
}

const FAULTS: Readonly<Record<string, string>> = {
  CHAIN: "a header is of another chain",
  EPOCH: "a header or the certificate is of another epoch",
  LINK: "a header does not follow the one before it",
  CERTIFICATE: "the certificate is about another block than the last of the headers",
  QUORUM: "too few validators signed",
  SIGNATURE: "a signature is wrong",
  SIGNATURE_COUNT: "there is not one signature for each signer",
};

type Signed = { readonly key: Uint8Array; readonly bytes: Uint8Array; readonly signature: Uint8Array };

/**
 * The protocol's own check asks for answers at once, a browser gives them later: a first pass collects what there is to
 * verify, a second one has the answers.
 */
async function verifyWith(
  proof: { readonly headers: readonly SideHeader[]; readonly certificate: Certificate },
  committee: EpochCommittee,
  check: SignatureCheck,
): Promise<{ readonly fault: string | undefined; readonly isUnable: boolean }> {
  const asked: Signed[] = [];
  const collect: VerifySignature = (key, bytes, signature) => {
    asked.push({ key, bytes, signature });
    return true;
  };
  const form = verifyFinality(proof, committee, collect);
  if (!form.ok) return { fault: form.error, isUnable: false };
  const answers = await Promise.all(asked.map(({ key, bytes, signature }) => check(key, bytes, signature)));
  if (answers.includes(undefined)) return { fault: undefined, isUnable: true };
  let next = 0;
  const verified = verifyFinality(proof, committee, () => {
    next += 1;
    return answers[next - 1] === true;
  });
  return { fault: verified.ok ? undefined : verified.error, isUnable: false };
}

function failed(name: string, title: string, detail: string): ProofResult {
  return resultOf([{ name, title, verdict: "failed", detail }]);
}

/** The headers, the certificate and the spec, as far as they can be read. */
function readAll({ inclusion, finality, spec }: SideProof) {
  const header = readHeader(inclusion.header);
  const headers = finality.headers.map(readHeader);
  const certificate = readCertificateOf(finality.certificate);
  const parsed = parseSpec(spec);
  const isWhole = headers.every((one) => one !== undefined);
  return { header, headers: isWhole ? headers.flatMap((one) => one ?? []) : undefined, certificate, parsed };
}

async function finalityStep(
  parts: { headers: readonly SideHeader[]; certificate: Certificate; spec: Spec; chainId: Uint8Array },
  check: SignatureCheck,
): Promise<ProofStep> {
  const { headers, certificate, spec, chainId } = parts;
  const title = "A quorum of the committee signed that it is final";
  const name = "finality";
  if (spec.isElected)
    return {
      name,
      title,
      verdict: "open",
      detail: `Not checked here: this chain elects its committee, and the one of epoch ${certificate.epoch} is proven only by all epochs before it. A light client follows them.`,
    };
  const committee = { chainId, epoch: certificate.epoch, keys: spec.keys };
  const { fault, isUnable } = await verifyWith({ headers, certificate }, committee, check);
  if (isUnable)
    return {
      name,
      title,
      verdict: "open",
      detail: "Not checked here: this browser has no Ed25519. Chromium 137, Firefox 129 and Safari 17 have it.",
    };
  const signers = signersOf(certificate).map((place) => spec.names[place] ?? `validator ${place}`);
  if (fault !== undefined) return { name, title, verdict: "failed", detail: `${FAULTS[fault] ?? fault} (${fault}).` };
  return {
    name,
    title,
    verdict: "ok",
    detail: `${signers.length} of ${spec.keys.length} signed block ${certificate.height}, ${quorumSize(spec.keys.length)} are needed: ${signers.join(", ")}. Every signature was checked here.`,
  };
}

/** @param known id of the chain that somebody trusted says; undefined when nobody was asked */
export async function checkSideProof(
  proof: SideProof,
  known: string | undefined,
  check: SignatureCheck,
): Promise<ProofResult> {
  const { header, headers, certificate, parsed } = readAll(proof);
  if (header === undefined) return failed("header", "Read the header", "Not a header of a side chain.");
  if (headers === undefined) return failed("header", "Read the header", "One of the headers behind it is none.");
  if (certificate === undefined) return failed("finality", "Read the certificate", "Not a certificate.");
  if (parsed === undefined) return failed("spec", "Read the chain's spec", "Not a spec with a committee.");
  const chainId = sha3_256(utf8ToBytes(proof.spec));
  const isSame = bytesToHex(header.chainId) === bytesToHex(chainId);
  const isFirst = headers[0] !== undefined && proof.finality.headers[0] === proof.inclusion.header;
  const isAtHeight = header.height === proof.inclusion.height;
  const { directions, transactionSiblings } = proof.inclusion;
  return resultOf([
    {
      name: "header",
      title: "Read the header",
      verdict: isAtHeight ? "ok" : "failed",
      detail: isAtHeight
        ? `Block ${header.height} of epoch ${header.epoch}, ${header.transactionCount} transactions.`
        : `The header is of block ${header.height}, the proof says ${proof.inclusion.height}.`,
    },
    pathStep(
      {
        name: "transaction",
        title: "The transaction took effect in the block",
        root: bytesToHex(header.transactionRoot),
      },
      { item: hexToBytes(proof.transaction), siblings: transactionSiblings, directions },
    ),
    {
      name: "spec",
      title: "The block is of the chain with this spec",
      verdict: isSame ? "ok" : "failed",
      detail: isSame
        ? `The hash of the spec, computed here, is the id in the header: ${bytesToHex(chainId)}`
        : `The spec's hash is ${bytesToHex(chainId)}, the header is of chain ${bytesToHex(header.chainId)}.`,
    },
    trustStep(bytesToHex(chainId), known),
    {
      name: "link",
      title: "The certificate is about this block or one behind it",
      verdict: isFirst ? "ok" : "failed",
      detail: isFirst
        ? `${headers.length === 1 ? "It is about this block itself" : `It is about block ${certificate.height}, ${headers.length - 1} behind it, each linked to the one before`}.`
        : "The proof of finality begins with another header.",
    },
    await finalityStep({ headers, certificate, spec: parsed, chainId }, check),
  ]);
}

/** Anybody can write a spec: that it is the one of the chain that is meant, somebody must know. */
function trustStep(chainId: string, known: string | undefined): ProofStep {
  const title = "It is the chain that is meant";
  if (known === undefined)
    return {
      name: "chain",
      title,
      verdict: "open",
      detail: `Not checked here: no node was asked. Compare the id ${chainId} with one that you have from somebody you trust.`,
    };
  return known === chainId
    ? { name: "chain", title, verdict: "ok", detail: "This platform knows the chain by the same id." }
    : { name: "chain", title, verdict: "failed", detail: `This platform knows the chain by the id ${known}.` };
}
