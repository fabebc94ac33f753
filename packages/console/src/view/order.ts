// What payments, deposits and withdrawals are called, and the commands that do the same. Pure.

/** `pay`: on one chain; `in`: from the main chain to a side chain; `out`: back. */
export type OrderKind = "pay" | "in" | "out";

type OrderTexts = { readonly title: string; readonly verb: string; readonly explanation: string };

export function orderTexts(kind: OrderKind, chain: string, mainChain: string): OrderTexts {
  switch (kind) {
    case "pay":
      return {
        title: `Pay on ${chain}`,
        verb: "Pay",
        explanation: `Between accounts of this network's own wallet, on ${chain}. Whoever is not one of them is paid from the command line.`,
      };
    case "in":
      return {
        title: `Deposit to ${chain}`,
        verb: "Deposit",
        explanation: `Paid on ${mainChain} to the federation's vault; after enough blocks the same amount is credited on ${chain}.`,
      };
    case "out":
      return {
        title: `Withdraw from ${chain}`,
        verb: "Withdraw",
        explanation: `Burnt on ${chain}; the federation pays the same amount on ${mainChain} with its next payout. The fee of the payout comes on top.`,
      };
  }
}

type Order = {
  readonly from: string;
  readonly to: string;
  readonly chain: string;
  readonly amount: string;
  readonly asset: string;
  /** Of `to` on the chain where it arrives. */
  readonly address: string;
};

/** The command line knows accounts as payers and addresses as payees. */
export function commandOf(kind: OrderKind, { from, to, chain, amount, asset, address }: Order): string {
  const sum = `--amount ${amount.trim() === "" ? "<amount>" : amount.trim()} --asset ${asset} --chain ${chain}`;
  const payee = address === "" ? "<address>" : address;
  if (kind === "pay") return `bystack wallet send --from ${from} --to ${payee} ${sum}`;
  return `bystack peg ${kind} --from ${from}${to === from ? "" : ` --to ${payee}`} ${sum}`;
}
