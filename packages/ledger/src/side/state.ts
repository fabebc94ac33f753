// The whole state of a side chain after one block, and its root (sidechain.md section 4, bbft.md section 3 "State root").
// A state is a layer over its parent's: children of blocks that are not final yet see their parents, and `settle` moves a
// final state into the base. A state is not changed after its block has been applied.

import { sha3_256Parts } from "@bystack/crypto/hash";
import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { merkleRoot } from "@bystack/protocol/merkle";
import { mapSideTransaction } from "@bystack/protocol/side/entries";
import { sideGenesis } from "@bystack/protocol/side/genesis";
import { bytesToHex, EMPTY_BYTES, type Hash, utf8ToBytes } from "@bystack/utils/bytes";
import { createFeeState, encodeFeeState, type FeeState, fixedCommitteeRoot, parametersRoot } from "./fees.ts";
import { emptyAsset } from "./peg/governance.ts";
import { anchorRecord } from "./peg/headers.ts";
import { PegState } from "./peg/state.ts";
import type { PegRules, SideRules } from "./rules.ts";
import { createUtxoSet, type SideUtxo, UTXO_KIND, type UtxoBase, type UtxoSet } from "./utxo.ts";
import { createVotesState, type VotesState } from "./votes/state.ts";

const STATE_TAG = utf8ToBytes("bystack/state/1");

/** Where a state stands: the block that it is after. */
export type StatePosition = { readonly height: number; readonly epoch: number; readonly timestampMs: number };

export class SideState {
  readonly rules: SideRules;
  readonly position: StatePosition;
  readonly utxos: UtxoSet;
  readonly peg: PegState | undefined;
  readonly fees: FeeState;
  /** Undefined on a chain with a fixed committee. */
  readonly votes: VotesState | undefined;
  #root: Hash | undefined;

  constructor(parts: {
    rules: SideRules;
    position: StatePosition;
    utxos: UtxoSet;
    peg: PegState | undefined;
    fees: FeeState;
    votes: VotesState | undefined;
  }) {
    this.rules = parts.rules;
    this.position = parts.position;
    this.utxos = parts.utxos;
    this.peg = parts.peg;
    this.fees = parts.fees;
    this.votes = parts.votes;
  }

  utxo(outputId: Hash): SideUtxo | undefined {
    return this.utxos.get(bytesToHex(outputId));
  }

  /** The state root: what the next block's header commits to. */
  root(): Hash {
    this.#root ??= sha3_256Parts(
      STATE_TAG,
      this.utxos.digest().bytes(),
      this.pegRoot(),
      this.votesRoot(),
      parametersRoot(this.rules),
    );
    return this.#root;
  }

  pegRoot(): Hash {
    return this.peg === undefined ? merkleRoot([]) : this.peg.root();
  }

  votesRoot(): Hash {
    return this.votes === undefined
      ? fixedCommitteeRoot(this.fees, this.rules)
      : this.votes.root(encodeFeeState(this.fees));
  }

  /** Moves this final state into the base. States that do not descend from it are void afterwards. */
  settle(): void {
    this.root();
    this.utxos.settle();
    this.peg?.settle();
    this.votes?.settle();
  }
}

function genesisPeg(peg: PegRules): PegState {
  const anchor = anchorRecord(peg);
  const paused = { reorg: false, deficit: false, in: false, out: false };
  const state = new PegState({ tip: anchor.hash, nextPayout: 1n, governanceSeq: 0n, paused, waitsForFloat: false });
  const key = bytesToHex(anchor.hash);
  state.sections.headers.set(key, anchor);
  state.sections.best.set(anchor.height.toString(), key);
  state.setAsset(emptyAsset(BTM_ASSET_ID));
  for (const { assetId, depositMin, burnMin, cap, largeAmount } of peg.federation.assets) {
    const limits = { depositMin, burnMin, cap: cap ?? 0n, largeAmount: largeAmount ?? 0n };
    state.setAsset({ ...emptyAsset(assetId), listed: true, ...limits });
  }
  state.settle();
  return state;
}

/** The state at height 0: a function of the chain spec. `utxoBase` must be empty; it then holds the final outputs. */
export function createGenesisState(rules: SideRules, utxoBase?: UtxoBase): SideState {
  const utxos = createUtxoSet(utxoBase);
  for (const transaction of sideGenesis(rules.spec).transactions) {
    const mapped = mapSideTransaction(transaction);
    for (const { id, value, program, position } of mapped.results) {
      const place = { createdHeight: 0, sourceId: mapped.muxId, sourcePosition: position };
      // Genesis outputs are ordinary ones: nothing can take the genesis block back, so nothing has to mature.
      const utxo = { ...value, program, kind: UTXO_KIND.normal, vote: EMPTY_BYTES, ...place };
      utxos.set(bytesToHex(id), utxo);
    }
  }
  utxos.settle();
  return new SideState({
    rules,
    position: { height: 0, epoch: 0, timestampMs: rules.spec.genesis.timeMs },
    utxos,
    peg: rules.peg === undefined ? undefined : genesisPeg(rules.peg),
    fees: createFeeState(rules),
    votes: rules.spec.votes === undefined ? undefined : createVotesState(rules.spec),
  });
}
