// Vapor's slots (schedule, round numbers, subsidies) and coinbase-payout (spec/vapor.md sections 5 and 7.3).

import { createPayment, orderPayees } from "@bystack/ledger/side/fees";
import { epochOfHeight } from "@bystack/ledger/side/rules";
import { leaderOfView } from "@bystack/ledger/side/votes/committee";
import { epochSubsidy, type Payee } from "@bystack/ledger/side/votes/rewards";
import { equalBytes, hexToBytes } from "@bystack/utils/bytes";
import { type CheckResult, checkCases, type Differences } from "../check.ts";
import { overCases, vaporRules } from "./kit.ts";

const EVERY_PAYEE = "sidechain.md section 5: every payee is compared, not the total (weakness 5)";
const ONE_SUBSIDY =
  "sidechain.md section 1: the subsidy is one parameter; it neither halves nor ends, and genesis has none";

type SlotsFile = {
  readonly block_interval_ms: number;
  readonly blocks_per_turn: number;
  readonly slots: readonly { start: number; timestamp: number; validators: number; order: number }[];
  readonly vote_seq: readonly { height: number; seq: number }[];
  readonly subsidy: readonly { height: number; network: string; subsidy: number }[];
};

export function checkSlots(file: unknown): CheckResult[] {
  const { slots, vote_seq, subsidy, block_interval_ms, blocks_per_turn } = file as SlotsFile;
  const subsidies = new Map<string, number>();
  for (const { network, height, subsidy: amount } of subsidy) if (height === 1) subsidies.set(network, amount);
  return [
    ...checkCases(
      slots,
      (item) => `slot ${item.validators} ${item.timestamp - item.start}`,
      (item, { same }) => {
        const view = Math.floor((item.timestamp - item.start) / block_interval_ms);
        same("leader", leaderOfView(view, { run: blocks_per_turn, members: item.validators }), item.order);
      },
    ),
    ...checkCases(
      vote_seq,
      (item) => `epoch of ${item.height}`,
      (item, { same }) => same("epoch", epochOfHeight(item.height, 1200), item.seq),
    ),
    ...checkCases(
      subsidy,
      (item) => `subsidy ${item.network} ${item.height}`,
      (item, { same, deliberate }) => {
        const start = subsidies.get(item.network) ?? 0;
        const blocks = item.height === 0 ? 0 : 1;
        const rules = vaporRules({ subsidyNeu: BigInt(start) });
        const ours = Number(epochSubsidy({ feesNeu: 0n, blocks, blocksByLeader: [] }, rules));
        if (ours === item.subsidy) same("subsidy", ours, item.subsidy);
        else deliberate(ONE_SUBSIDY, ours, { ours: start * blocks, reference: item.subsidy });
      },
    ),
  ];
}

type RecordedPayee = { readonly program: string; readonly amount: number };

type PayoutCase = {
  readonly id: string;
  readonly coinbase_outputs: readonly RecordedPayee[];
  readonly expected_rewards: readonly RecordedPayee[];
  readonly error_root: string | null;
};

function checkPayout(item: PayoutCase, { same, deliberate }: Differences): void {
  const chainId = new Uint8Array(32);
  const toShares = (payees: readonly RecordedPayee[]): Payee[] =>
    payees.map(({ program, amount }) => ({ program: hexToBytes(program), amount: BigInt(amount) }));
  const due = createPayment(chainId, 1202, orderPayees(toShares(item.expected_rewards)));
  // Vapor's first output names the producer with amount 0; outputs of amount 0 do not exist here.
  const [first, ...others] = item.coinbase_outputs;
  const paid = first?.amount === 0 ? others : item.coinbase_outputs;
  const isGood = equalBytes(due.raw, createPayment(chainId, 1202, toShares(paid)).raw);
  const wasGood = item.error_root === null;
  if (item.id.includes("DEFECT")) deliberate(EVERY_PAYEE, isGood, { ours: false, reference: wasGood });
  else same("accepted", isGood, wasGood);
}

export const checkPayouts = overCases(checkPayout);
