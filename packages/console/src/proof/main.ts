// Checks that a transaction is in a block of the main chain, and what became of it there: the paths to the two roots of the
// header. The work behind the header is not done again here.

import { decodeMainHeader, mainBlockHash, statusItem } from "@bystack/protocol/main/block";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import type { MainProof } from "./file.ts";
import { type ProofResult, type ProofStep, pathStep, resultOf } from "./steps.ts";

/** @param known hash that somebody trusted has for this height; undefined when nobody was asked */
export function checkMainProof(proof: MainProof, known: string | undefined): ProofResult {
  const { inclusion, transaction } = proof;
  const { directions, transactionSiblings, statusSiblings, gasOnly, height } = inclusion;
  const decoded = decodeMainHeader(hexToBytes(inclusion.header));
  if (!decoded.ok)
    return resultOf([
      { name: "header", title: "Read the header", verdict: "failed", detail: `Not a header: ${decoded.error.code}.` },
    ]);
  const header = decoded.value;
  const hash = bytesToHex(mainBlockHash(header));
  const isAtHeight = header.height === BigInt(height);
  const steps: ProofStep[] = [
    {
      name: "header",
      title: "Read the header",
      verdict: isAtHeight ? "ok" : "failed",
      detail: isAtHeight
        ? `Block ${height}, its hash computed here: ${hash}`
        : `The header is of block ${header.height}, the proof says ${height}.`,
    },
    pathStep(
      {
        name: "transaction",
        title: "The transaction is in the block",
        root: bytesToHex(header.transactionsRoot),
      },
      { item: hexToBytes(transaction), siblings: transactionSiblings, directions },
    ),
    pathStep(
      {
        name: "status",
        title: gasOnly ? "It failed there: only its fee was taken" : "It took effect there",
        root: bytesToHex(header.statusRoot),
      },
      { item: statusItem(gasOnly), siblings: statusSiblings, directions },
    ),
    chainStep(hash, height, known),
    {
      name: "work",
      title: "Work was done for the header",
      verdict: "open",
      detail:
        "Not checked here: one Tensority hash takes seconds in a page. A main node checks it for every block; bystack replay does so from a recording.",
    },
  ];
  return resultOf(steps);
}

function chainStep(hash: string, height: number, known: string | undefined): ProofStep {
  const title = "The block is on the chain";
  if (known === undefined)
    return {
      name: "chain",
      title,
      verdict: "open",
      detail: `Not checked here: no node was asked. Compare the hash of block ${height} with a node that you trust: bystack block ${height} --chain main.`,
    };
  return known === hash
    ? { name: "chain", title, verdict: "ok", detail: `This platform's node has the same hash at height ${height}.` }
    : { name: "chain", title, verdict: "failed", detail: `This platform's node has ${known} at height ${height}.` };
}
