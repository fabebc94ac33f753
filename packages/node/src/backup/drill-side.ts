// The drill of a side chain: its data folder is opened as a node opens it, which executes every block that no snapshot covers
// and compares each state with what the next block names. Then the newest block has to be the one of the manifest, under a
// certificate of its committee that verifies, and nothing may have been mended on the way: a node may heal, a backup may not.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { BackupManifest } from "@bystack/api/backup-manifest";
import { verifyEd25519 } from "@bystack/crypto/ed25519";
import { quorumSize, VOTE_KINDS, verifyCertificate } from "@bystack/protocol/side/certificate";
import { chainIdOf, type SideChainSpec } from "@bystack/protocol/spec";
import { openDataFolder } from "@bystack/storage/data-folder";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import { type IncidentCode, Incidents } from "../process/incidents.ts";
import { systemClock, systemRng } from "../process/timers.ts";
import { storedTip } from "../side/block-ports.ts";
import { DATA_FORMAT, DATA_KIND } from "../side/ground.ts";
import { openSideStore, type SideStore } from "../side/side-store.ts";
import { loadSpecs } from "../side/specs.ts";
import { type DrillFindings, type DrillPlace, expect } from "./drill-place.ts";
import { MAIN_SPEC_FILE, SPEC_FILE } from "./side-backup.ts";

/** Indexes are not in a backup, and the log of a node that prunes begins late: neither is damage. */
const EXPECTED: readonly IncidentCode[] = ["index-missing", "blocks-missing"];

/** Whether the newest block is certified by the committee that the replayed state names. */
async function assertCertified(store: SideStore, spec: SideChainSpec): Promise<void> {
  const { block, certificate, committees, height } = await storedTip(store);
  if (block === undefined || certificate === undefined) return expect(false, "no block has a certificate");
  const { epoch } = block.header;
  const fixed = spec.committee.map(({ voteKey }) => voteKey);
  const isPresent = epoch === Math.floor(height / spec.consensus.epochBlocks) + 1;
  const keys = (isPresent ? committees?.present : committees?.previous) ?? fixed;
  const context = { chainId: chainIdOf(spec), epoch, keys, quorum: quorumSize(keys.length) };
  const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
    verifyEd25519({ publicKey, message, signature }, "strict-s");
  const isOwn = certificate.kind === VOTE_KINDS.FINALIZE && equalBytes(certificate.blockHash, block.hash);
  expect(isOwn && verifyCertificate(certificate, context, verify) === "ok", `the certificate of block ${height}`);
}

async function judge(store: SideStore, manifest: BackupManifest, incidents: Incidents): Promise<DrillFindings> {
  const bad = incidents.items.find(({ code }) => !EXPECTED.includes(code));
  expect(bad === undefined, `${bad?.file}: ${bad?.what}`);
  const { chain, replayed } = store;
  expect(chain.height === manifest.height, `the newest block is ${chain.height}, not ${manifest.height}`);
  const header = chain.tip?.block.header;
  const hash = bytesToHex(chain.tip?.block.hash ?? new Uint8Array(0));
  expect(hash === manifest.blockHash, `block ${chain.height} is ${hash}, not ${manifest.blockHash}`);
  // Block after block this root was compared with the state that came out here.
  const stateRoot = bytesToHex(header?.parentStateRoot ?? new Uint8Array(0));
  expect(stateRoot === manifest.stateRoot, `the state root is ${stateRoot}, not ${manifest.stateRoot}`);
  await assertCertified(store, chain.rules.spec);
  return { height: chain.height, stateRoot, ...replayed };
}

/** @throws DrillFailure, and what opening refuses */
export async function drillSide({ manifest, data: path, work, logger }: DrillPlace): Promise<DrillFindings> {
  const mainSpecFile = existsSync(join(work, MAIN_SPEC_FILE)) ? MAIN_SPEC_FILE : undefined;
  const { spec, mainSpec } = loadSpecs(work, { specFile: SPEC_FILE, mainSpecFile });
  expect(bytesToHex(chainIdOf(spec)) === manifest.chainId, "its spec is that of another chain");
  const data = await openDataFolder({ path, kind: DATA_KIND, version: DATA_FORMAT });
  try {
    const incidents = new Incidents({ folder: work, clock: systemClock, logger });
    const store = await openSideStore({
      data,
      spec,
      mainSpec,
      driver: "memory",
      // None is taken: what is replayed here goes away.
      snapshotBlocks: Number.MAX_SAFE_INTEGER,
      history: "kept",
      rng: systemRng,
      logger,
      incidents,
    });
    try {
      return await judge(store, manifest, incidents);
    } finally {
      await store.close();
    }
  } finally {
    data.release();
  }
}
