// One known payment on a side chain: made once on Node with node:crypto, so that whoever computes it otherwise (a bundle, a
// browser) is compared with that. And a platform's answers around it.

import { chainIdOf, chainSpecHash, formatChainSpec } from "@bystack/protocol/spec";
import { createDevSideSpec } from "@bystack/protocol/spec/presets";
import type { Account, Output, PaymentOrder } from "@bystack/sdk";
import { bytesToHex } from "@bystack/utils/bytes";

const output: Output = {
  id: "11".repeat(32),
  asset: "ff".repeat(32),
  amount: "1000000000",
  program: "0014cbee0e75e91dfc96400bd0e49f5444a59364fa89",
  address: null,
  sourceId: "22".repeat(32),
  sourcePosition: 1,
  height: 7,
  kind: "normal",
  spendableFrom: 8,
};

const spec = createDevSideSpec({
  name: "demo",
  genesisTimeMs: 1_700_000_000_000,
  // The base point and three of its multiples, as public keys: any four will do.
  committee: [
    "5866666666666666666666666666666666666666666666666666666666666666",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
  ].map((key, i) => ({
    id: `demo-${i + 1}`,
    voteKey: Uint8Array.from(Buffer.from(key, "hex")),
    rewardProgram: Uint8Array.of(0x51),
  })),
  federation: null,
});

const chainId = bytesToHex(chainIdOf(spec));
const id = "b6e1eb5a2e131f9dc6e0a76b04ba3c01827b9502fb0b8d0ab003652b38db4b74";

export const VECTOR = {
  secret: "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
  address: "sm1qe0hqua0frh7fvsqt6rjf74zy5kfkf75fj7esun",
  output,
  order: (from: Account): PaymentOrder => ({
    from,
    outputs: [output],
    to: "sm1qeulx7wn28rz5e6mh63qvq0mr8sqphm7slkgz23",
    amount: 150_000_000n,
    chain: { kind: "side", addressPrefix: "sm", gasPriceNeu: 200n },
  }),
  id,
  raw:
    "070100010160015e2222222222222222222222222222222222222222222222222222222222222222ffffffffffffffffffffffffffffffff" +
    "ffffffffffffffffffffffffffffffff8094ebdc030101160014cbee0e75e91dfc96400bd0e49f5444a59364fa896302401c3151e3120ec4" +
    "e4842a2fdf7dcebd3e421358760e61e3898c5fa5be85ccf50ed621d8ee4142d9b441c701e8900a6887583b06b5a2ab7bd0dd9a66684ccaac" +
    "0a20bdbcc2e73693a4c92ee4e36af3fd3eee213bc381c92c0ac93960aa6c1ea058d402013e003cffffffffffffffffffffffffffffffffff" +
    "ffffffffffffffffffffffffffffff80a3c34701160014cf3e6f3a6a38c54ceb77d440c03f633c001befd000013f003dffffffffffffffff" +
    "ffffffffffffffffffffffffffffffffffffffffffffffff88a48b950301160014a722066f7b5d0fa69630802b73798f9b3d2759db00",
  feeNeu: 468_600n,
  info: {
    kind: "side",
    chain: "demo",
    chainId,
    node: "demo-1",
    version: "0.1.0",
    instance: "i",
    startedAtMs: 1,
    height: 9,
    tip: id,
    finalHeight: 9,
    finalHash: id,
    finalAgeMs: 1,
    blockIntervalMs: 500,
    ready: true,
    notReadyBecause: null,
    peers: 3,
    mempool: 0,
    rssBytes: 1,
    addressPrefix: "sm",
    backends: {},
  },
  spec: { canonical: formatChainSpec(spec), hash: bytesToHex(chainSpecHash(spec)) },
  transaction: {
    id,
    raw: "07",
    status: "pending",
    gasOnly: false,
    blockHeight: null,
    blockHash: null,
    position: null,
    confirmations: 0,
  },
} as const;
