// Known blocks of the Bytom networks (spec/bytom.md section 24). Synchronisation may trust the chain up to the last one
// without computing proof of work; they restrict nothing else and are no part of a chain spec.

import { type Hash, hexToBytes } from "@bystack/utils/bytes";

export type Checkpoint = { readonly height: number; readonly hash: Hash };

const checkpoint = (height: number, hash: string): Checkpoint => ({ height, hash: hexToBytes(hash) });

/** Checkpoints by network id, in ascending height. */
export const MAIN_CHECKPOINTS: Readonly<Record<string, readonly Checkpoint[]>> = {
  mainnet: [
    checkpoint(10_000, "93e1eb7821d2b4ad0f5b1cea82e843ad8c099ab65d8f70c584caa2ddf174652c"),
    checkpoint(20_000, "7d3861f32cc00381bbcd9a376f105dfe6ffe2da5ea88a5e342eda1179ba80b7c"),
    checkpoint(30_000, "323606d4272e352446267be0fa4810a43bb240f109515b229ff3c38328aa4a00"),
    checkpoint(40_000, "7fe2de1121f3a9a0ee608d7d4beacc33fe4125dc2f26c2f29c0717f9e44f9d46"),
    checkpoint(50_000, "5efbdff53538a60b75320261835434ff3e822ef864ae2dc76c9d5ebda3d450cf"),
    checkpoint(62_000, "d7398f2357f94ca028a7002b539e512d3ecac92259fcd03f671a0ab102bf2b03"),
    checkpoint(72_000, "66023119f1603561a4f13804cce4598f5539ba22f26d90bfc187ef98cc704d94"),
    checkpoint(83_700, "7f26c911e846d06e36bbacce99a219893ff7842acb447fbb0e3ba368d62be80d"),
    checkpoint(93_700, "704470e5b39bd367192008421b59e8dcb5bbb92dd3dc284ecb7b0bbf2151e1ba"),
    checkpoint(106_600, "31152b00d407e1a706e1ae2e98698f47ff449701a79e08dbeb0f1f5addf526b9"),
    checkpoint(116_600, "08ebf76c27ed81e7e7fe13ca80712926287225a52aa0363058aa58c6ddf2a0e7"),
    checkpoint(126_600, "ac1041082480e95a9f320a5e177b018d0d0d3dfca71d815f13b4ad0fc6de7a10"),
    checkpoint(131_260, "df18b5b16f5fd2777cabb859cb1364ce0606513989301b69d600ecd8fad20993"),
    checkpoint(157_000, "b770384c8132af128dfab4eb464eb7eb6614d924c2d10c9c1420c9ea0e85c8c3"),
    checkpoint(180_000, "3c2a9155f3366a5a60cf8442ec4d0c63bc34e91d1c6bb0f050f3fb2df6a1d95c"),
    checkpoint(191_000, "094fe32391b5111868cc999feb95f9cca5276af90eda1bc62e0329fe08dd2b01"),
    checkpoint(205_000, "6fdd8726733f0bc75864a4df45e45027683818b9a94456203468d86872db656f"),
    checkpoint(219_700, "98498d4b7ee94455c107dd9aba6b49926115034f59423574ea3bdb2c53117574"),
    checkpoint(240_000, "35166558f4ef248243bb1579d4fe1b149fe9f0e048728668a7b9da58663b1ccb"),
    checkpoint(270_000, "9d6fccd8b8e48c17529ae61b4060e0e36d1e89c026df1c28180d290c9b15cc97"),
    checkpoint(300_000, "a285846ce03e1d68987d9321eacc1d0788d14c77a3d7558a2b4af74d5014535d"),
    checkpoint(320_000, "c6e7916fcb7a425dd622ef5d6a5cc191a9d90644cf364355fe45af24073123c6"),
    checkpoint(350_000, "f4886f9a179a1c2a439fc5ae2fe4a63371b4cd83c523c114b2b0a843f2a14b5c"),
    checkpoint(380_000, "f10041cceaf0679849895fa6a08d3304931bf84976e122e3cec26f19ff4f80f1"),
  ],
  wisdom: [
    checkpoint(10_303, "3e945d357030d43b3de3dd8067299a5e09f9fb2bad5f92c869d14239749ad11c"),
    checkpoint(40_000, "6b139a5b76779bd41cec536844bff448943d16e39b2ee8a10fa0bc7d2b1755fc"),
    checkpoint(78_000, "a903c00c621a3d007fd85d51ba43e4d0e3c5d48f30b55fa57762d88b11815fb4"),
    checkpoint(82_000, "56b1ba23695c8f514e23c0aeaa2508c585f37cd1c615a251da794f081366c985"),
    checkpoint(83_200, "b46fc5cfa33de111716840680ce74caf5a11fe82bc36880fbd04f0c486d4d6d5"),
    checkpoint(93_000, "6f4f375fe9fbdf66600ef039b7182675a09aa59b83c99a2545b87dd49924a28a"),
    checkpoint(113_300, "7a6975a5f6b694f394a2639128b6ab7ef971275ae259d3ff706ecbd8d8309cc4"),
    checkpoint(235_157, "fa76363e9e58eae47d26707ef38bfdad1a99f74cacc68099581013664b8c394f"),
    checkpoint(252_383, "a1aae6d94294997b9b715bf5239aee9227844c3247f2f2d9e3d76a2bbec31f50"),
    checkpoint(320_000, "b59feb444afd672a1c998ec848acebfe80f6587af17dead6c7e5933fae6588e6"),
  ],
  solonet: [],
};
