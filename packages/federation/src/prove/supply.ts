// The supply, recounted (federation.md section 6): what the side chain owes against what the vault holds on the main chain,
// read from two nodes that must agree, and every coin of the ledger looked up on the main chain itself.

import { BTM_ASSET_ID } from "@bystack/protocol/entry";
import { createVaultKeys, depositProgram, FLOAT_RECIPIENT } from "@bystack/protocol/peg/vault";
import { chainIdOf, type SideChainSpec } from "@bystack/protocol/spec";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { assertInvariant } from "@bystack/utils/errors";
import { type MainNode, type SideNode, unspentOf } from "./clients.ts";

export type AssetSupply = {
  readonly asset: string;
  readonly locked: string;
  readonly owed: string;
  readonly surplus: string;
};

export type Supply = {
  readonly ok: boolean;
  readonly height: number;
  readonly floatNeu: string;
  readonly assets: readonly AssetSupply[];
  /** Coins of the ledger found unspent on the main chain, and those spent by a mined, open payout. */
  readonly coinsUnspent: number;
  readonly coinsInPayouts: number;
  /** Outputs at deposit addresses that are not claimed. */
  readonly unclaimedDeposits: number;
  readonly problems: readonly string[];
};

type Reserves = Awaited<ReturnType<typeof reservesOf>>;

function reservesOf(node: SideNode) {
  return node.call("reserves");
}

const BTM = bytesToHex(BTM_ASSET_ID);

function checkCounters(reserves: Reserves, before: Supply | undefined, problems: string[]): AssetSupply[] {
  return reserves.assets.map(({ asset, locked, owed, writtenOff }) => {
    const surplus = BigInt(locked) - BigInt(owed);
    if (BigInt(locked) + BigInt(writtenOff) < BigInt(owed))
      problems.push(`${asset}: locked ${locked} is below owed ${owed}`);
    const earlier = before?.assets.find((candidate) => candidate.asset === asset);
    if (asset !== BTM && earlier !== undefined && BigInt(earlier.surplus) !== surplus)
      problems.push(`${asset}: locked - owed changed from ${earlier.surplus} to ${surplus}`);
    if (asset === BTM) {
      const float = surplus - BigInt(reserves.openFeesNeu);
      if (float !== BigInt(reserves.floatNeu) || float < 0n)
        problems.push(`BTM: locked - owed - open fees = ${float}, the ledger's float is ${reserves.floatNeu}`);
    }
    return { asset, locked, owed, surplus: surplus.toString() };
  });
}

/** Every coin of the ledger must be unspent on the main chain, or spent by the mined transaction of its open payout. */
async function checkCoins(
  main: MainNode,
  side: SideNode,
  reserves: Reserves,
  problems: string[],
): Promise<{ unspent: number; inPayouts: number }> {
  const counts = { unspent: 0, inPayouts: 0 };
  const programs = [...new Set(reserves.coins.map((coin) => coin.program))].map(hexToBytes);
  const living = new Set((await unspentOf(main, programs)).map((coin) => bytesToHex(coin.id)));
  for (const coin of reserves.coins.filter((candidate) => candidate.proven)) {
    if (living.has(coin.id)) counts.unspent += 1;
    else if (coin.payout === null) problems.push(`coin ${coin.id} is spent on the main chain, but in no open payout`);
    else {
      const payout = await side.call("payout", { params: { number: coin.payout } });
      const mined = await main.call("transaction", { params: { id: payout.transaction } });
      if (mined.blockHeight === null)
        problems.push(`coin ${coin.id} is spent, but payout ${coin.payout} is in no block`);
      else counts.inPayouts += 1;
    }
  }
  return counts;
}

/**
 * Every unspent output at a vault address we can name is a coin of the ledger, or a deposit that nobody has claimed yet
 * (its address commits to one of our recipients). Anything else is money the ledger does not know.
 */
async function checkVaultOutputs(context: SupplyContext, reserves: Reserves, problems: string[]): Promise<number> {
  const federation = context.sideSpec.federation;
  assertInvariant(federation !== null, "the chain has a federation");
  const chainId = chainIdOf(context.sideSpec);
  const keys = createVaultKeys(
    federation.members.map((member) => member.vault),
    federation.t,
  );
  const deposits = new Set(
    [...context.recipients, FLOAT_RECIPIENT].map((recipient) =>
      bytesToHex(depositProgram({ keys, chainId, recipient })),
    ),
  );
  const programs = new Set([...deposits, ...reserves.coins.map((coin) => coin.program)]);
  const coins = new Set(reserves.coins.map((coin) => coin.id));
  let unclaimed = 0;
  for (const output of await unspentOf(context.main, [...programs].map(hexToBytes))) {
    const id = bytesToHex(output.id);
    if (coins.has(id)) continue;
    if (deposits.has(bytesToHex(output.program))) unclaimed += 1;
    else problems.push(`output ${id} at a vault address is neither coin nor deposit`);
  }
  return unclaimed;
}

export type SupplyContext = {
  readonly main: MainNode;
  readonly sides: readonly SideNode[];
  readonly sideSpec: SideChainSpec;
  /** Side-chain programs whose deposit addresses are looked through. */
  readonly recipients: readonly Uint8Array[];
};

/** Two nodes at one height; the chain moves on while we ask, so the lower one is asked again until they meet. */
async function agreedReserves(sides: readonly SideNode[]): Promise<{ reserves: Reserves; problems: string[] }> {
  const [first, second] = [sides[0], sides[1] ?? sides[0]];
  assertInvariant(first !== undefined && second !== undefined, "there is a side node");
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const [a, b] = await Promise.all([reservesOf(first), reservesOf(second)]);
    if (a.height !== b.height) continue;
    const problems = JSON.stringify(a) === JSON.stringify(b) ? [] : [`two nodes differ at height ${a.height}`];
    return { reserves: a, problems };
  }
  return { reserves: await reservesOf(first), problems: ["two nodes were never seen at one height"] };
}

/** @param before the supply before the round trip, when there is one to compare with */
export async function checkSupply(context: SupplyContext, before?: Supply): Promise<Supply> {
  const { reserves, problems } = await agreedReserves(context.sides);
  const assets = checkCounters(reserves, before, problems);
  const [side] = context.sides;
  assertInvariant(side !== undefined, "there is a side node");
  const counts = await checkCoins(context.main, side, reserves, problems);
  const unclaimedDeposits = await checkVaultOutputs(context, reserves, problems);
  return {
    ok: problems.length === 0,
    height: reserves.height,
    floatNeu: reserves.floatNeu,
    assets,
    coinsUnspent: counts.unspent,
    coinsInPayouts: counts.inPayouts,
    unclaimedDeposits,
    problems,
  };
}
