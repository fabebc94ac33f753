// Which checks run over which family of vector files. A new family of checks is one import and one line here.

import { chainMainChecks } from "./chain-main.ts";
import type { VectorChecks } from "./check.ts";
import { cryptoChecks } from "./crypto.ts";
import { ledgerMainChecks } from "./ledger-main.ts";
import { ledgerSideChecks } from "./ledger-side.ts";
import { protocolChecks, protocolVaporChecks } from "./protocol.ts";
import { vmChecks, vmVaporChecks } from "./vm.ts";

export type VectorSuite = { readonly folder: "bytom" | "vapor"; readonly checks: VectorChecks };

export const VECTOR_SUITES: readonly VectorSuite[] = [
  { folder: "bytom", checks: cryptoChecks },
  { folder: "bytom", checks: protocolChecks },
  { folder: "bytom", checks: vmChecks },
  { folder: "bytom", checks: ledgerMainChecks },
  { folder: "bytom", checks: chainMainChecks },
  { folder: "vapor", checks: protocolVaporChecks },
  { folder: "vapor", checks: vmVaporChecks },
  { folder: "vapor", checks: ledgerSideChecks },
];
