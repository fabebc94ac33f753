// The port through which members and collectors see the side chain of the tests.

import { merklePath } from "@bystack/protocol/merkle";
import { vaultProgram } from "@bystack/protocol/peg/vault";
import { bytesToHex, equalBytes } from "@bystack/utils/bytes";
import type { PayoutRecord, SideChainPort } from "../../src/ports.ts";
import { refuse, type SideChainFake } from "./side-chain.ts";

/** A port on the fake. `withView` also gives the state of the recording block, as a node may. */
export function sidePortOf(
  chain: SideChainFake,
  options: { isDown?: () => boolean; withView?: boolean } = {},
): SideChainPort {
  const ask = <T>(answer: () => T): Promise<T> =>
    options.isDown?.() === true ? Promise.reject(refuse("down")) : new Promise((resolve) => resolve(answer()));
  return {
    status: () => ask(() => chain.status()),
    livePayouts: () =>
      ask(
        () =>
          [...chain.payouts.keys()]
            .map((number) => chain.record(number))
            .filter(
              (record) => record !== undefined && ["open", "dead", "unproven"].includes(record.state),
            ) as PayoutRecord[],
      ),
    payout: (number) => ask(() => chain.record(number)),
    burn: (requestId) =>
      ask(() => {
        const burn = chain.burns.get(bytesToHex(requestId));
        const block = burn === undefined ? undefined : chain.blockAt(burn.height);
        if (burn === undefined || block === undefined) return undefined;
        const index = block.ids.findIndex((id) => equalBytes(id, burn.transactionId));
        return { raw: burn.raw, header: block.header, path: merklePath(block.ids, index) };
      }),
    ...(options.withView === true && {
      payoutView: (height: number) =>
        ask(() => [...chain.payouts.values()].find(({ recordedHeight }) => recordedHeight === height)?.view),
    }),
    finality: (height) => ask(() => chain.blockAt(height)?.proof),
    epochEnds: (from) => ask(() => chain.epochEnds(from)),
    claimed: (nullifiers) =>
      ask(
        () =>
          new Map(
            nullifiers.flatMap((nullifier) => {
              const claim = chain.claims.get(bytesToHex(nullifier));
              return claim === undefined ? [] : [[bytesToHex(nullifier), claim] as const];
            }),
          ),
      ),
    unprovenCoins: () =>
      ask(() =>
        [...chain.coins.values()]
          .filter((coin) => coin.provenHeight === undefined && !coin.spent)
          .map(({ id, commitment }) => ({ id, program: vaultProgram(chain.keys, commitment) })),
      ),
    submit: (raw) => ask(() => chain.submit(raw)),
  };
}
