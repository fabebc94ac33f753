// The form behind payments, deposits and withdrawals: from one account of the network's own wallet to another, one asset, one
// amount. It says what is wrong before anything is sent, and which command does the same.

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, type ReactElement, useState } from "react";
import { Link } from "wouter";
import type { Reply } from "../platform/api.ts";
import { useAssets } from "../platform/assets.ts";
import { useChange, useRead } from "../platform/queries.ts";
import { type AssetName, amountProblem, assetNameIn, BTM_ID } from "../view/assets.ts";
import { commandOf, type OrderKind, orderTexts } from "../view/order.ts";
import { CommandLine } from "./command-line.tsx";
import { Dialog } from "./dialog.tsx";
import { Hash } from "./hash.tsx";
import { Failed, Loaded } from "./page-states.tsx";
import { Value } from "./value.tsx";

type Account = Reply<"accounts">["items"][number];
type OrderProps = {
  readonly kind: OrderKind;
  readonly network: string;
  /** Side chain of a deposit or withdrawal; the chain of a payment. */
  readonly chain: string;
  readonly mainChain: string;
  readonly from?: string;
};

/** What an account holds of an asset on a chain; null while its chain does not answer. */
function spendableOf(account: Account | undefined, chain: string, asset: string): bigint | null {
  const balances = account?.chains.find((one) => one.chain === chain)?.balances;
  if (balances === undefined || balances === null) return null;
  return BigInt(balances.find(({ assetId }) => assetId === asset)?.spendable ?? "0");
}

function Sent({ network, sent, at }: { network: string; sent: Reply<"pay">; at: string | undefined }): ReactElement {
  const assets = useAssets(network);
  return (
    <div className="b-stack" role="status">
      <p>
        Sent, with a fee of <Value assets={assets} asset={BTM_ID} amount={sent.feeNeu} />. It waits for a block of{" "}
        {sent.chain}.
      </p>
      <Hash
        value={sent.transaction}
        what="transaction id"
        href={`/n/${network}/chains/${sent.chain}/transactions/${sent.transaction}`}
      />
      {at !== undefined && <Link href={at}>Follow it among the transfers</Link>}
    </div>
  );
}

type FieldsProps = OrderProps & { readonly accounts: readonly Account[]; readonly onClose: () => void };

function Fields({ kind, network, chain, mainChain, from: given, accounts, onClose }: FieldsProps): ReactElement {
  const route = kind === "pay" ? "pay" : kind === "in" ? "pegIn" : "pegOut";
  const change = useChange(route);
  const assets = useAssets(network);
  const names = accounts.map(({ account }) => account);
  const [from, setFrom] = useState(given ?? names[0] ?? "");
  const [to, setTo] = useState(kind === "pay" ? (names.find((name) => name !== from) ?? from) : from);
  const [assetId, setAssetId] = useState<string>(BTM_ID);
  const [amount, setAmount] = useState("");
  const [isTouched, setIsTouched] = useState(false);
  const source = kind === "in" ? mainChain : chain;
  const asset: AssetName = assetNameIn(assets.list, assetId);
  const spendable = spendableOf(
    accounts.find(({ account }) => account === from),
    source,
    assetId,
  );
  const problem = amountProblem(amount, asset, spendable);
  const address = accounts
    .find(({ account }) => account === to)
    ?.chains.find((one) => one.chain === (kind === "out" ? mainChain : chain))?.address;
  const choices = assets.list.map(({ asset: label, id }) => ({ value: id, label }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setIsTouched(true);
    if (problem !== null) return;
    change.mutate({
      params: { network, chain },
      body: { from, to, asset: asset.isNamed ? asset.name : assetId, amount: amount.trim() },
    });
  };
  if (change.data !== undefined)
    return (
      <>
        <Sent
          network={network}
          sent={change.data}
          at={kind === "pay" ? undefined : `/n/${network}/chains/${chain}/transfers`}
        />
        <div className="b-buttons">
          <Button onClick={onClose}>Close</Button>
        </div>
      </>
    );
  return (
    <form className="b-stack" onSubmit={submit}>
      <p className="b-dim">{orderTexts(kind, chain, mainChain).explanation}</p>
      <NativeSelect label="From" data={names} value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
      <NativeSelect label="To" data={names} value={to} onChange={(event) => setTo(event.currentTarget.value)} />
      <NativeSelect
        label="Asset"
        data={choices.length === 0 ? [{ value: BTM_ID, label: "BTM" }] : choices}
        value={assetId}
        onChange={(event) => setAssetId(event.currentTarget.value)}
      />
      <TextInput
        label="Amount"
        description={
          spendable === null ? (
            `What ${from} holds on ${source} is not known at this moment.`
          ) : (
            <>
              {from} may spend <Value assets={assets} asset={assetId} amount={spendable.toString()} /> on {source}
            </>
          )
        }
        value={amount}
        inputMode="decimal"
        autoComplete="off"
        data-autofocus
        error={isTouched && problem !== null ? problem : undefined}
        onChange={(event) => setAmount(event.currentTarget.value)}
        onBlur={() => setIsTouched(amount !== "")}
      />
      <CommandLine command={commandOf(kind, { from, to, chain, amount, asset: asset.name, address: address ?? "" })} />
      {change.error !== null && <Failed error={change.error} />}
      <div className="b-buttons">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={change.isPending}>
          {orderTexts(kind, chain, mainChain).verb}
        </Button>
      </div>
    </form>
  );
}

type DialogProps = OrderProps & { readonly isOpen: boolean; readonly onClose: () => void };

export function OrderDialog({ isOpen, onClose, ...order }: DialogProps): ReactElement {
  const { kind, network, chain, mainChain } = order;
  const read = useRead("accounts", { params: { network } }, { enabled: isOpen });
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={orderTexts(kind, chain, mainChain).title}>
      <Loaded read={read} what="the accounts">
        {({ items }) =>
          items.length === 0 ? (
            <p>This network has no accounts of its own: “accounts” in its definition makes them.</p>
          ) : (
            <Fields {...order} accounts={items} onClose={onClose} />
          )
        }
      </Loaded>
    </Dialog>
  );
}
