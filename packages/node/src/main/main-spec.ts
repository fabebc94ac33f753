// The spec file of a main chain, as a node and the drill of a backup read it.

import { readFileSync } from "node:fs";
import { protocolError } from "@bystack/protocol/errors";
import { type MainChainSpec, parseChainSpecText } from "@bystack/protocol/spec";

/** @throws BystackError SPEC_INVALID */
export function loadMainSpec(path: string): MainChainSpec {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw protocolError("SPEC_INVALID", { why: "the spec file is missing or cannot be read", cause });
  }
  const parsed = parseChainSpecText(text);
  if (!parsed.ok)
    throw protocolError("SPEC_INVALID", {
      why: parsed.error
        .slice(0, 3)
        .map((problem) => `${problem.path} ${problem.rule}`)
        .join("; "),
    });
  if (parsed.value.kind !== "main") throw protocolError("SPEC_INVALID", { why: "it is the spec of a side chain" });
  return parsed.value;
}
