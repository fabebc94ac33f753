// Accounts of the network's own wallet: addresses and balances on each chain, and payments between them. Keys stay in the wallet.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Icon } from "../../parts/icons.tsx";
import { OrderDialog } from "../../parts/order-form.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Empty, Loaded } from "../../parts/page-states.tsx";
import { ScrollBox } from "../../parts/scroll-box.tsx";
import { Value } from "../../parts/value.tsx";
import { errorOf, type Reply } from "../../platform/api.ts";
import { type Assets, useAssets } from "../../platform/assets.ts";
import { hasRole, useMe } from "../../platform/me.ts";
import { REFRESH_MS, useNetwork, useRead } from "../../platform/queries.ts";

type Account = Reply<"accounts">["items"][number];
type OnChain = Account["chains"][number];
type Order = { readonly from: string; readonly chain: string };

function Balances({ onChain, assets }: { readonly onChain: OnChain; readonly assets: Assets }): ReactElement {
  const { balances } = onChain;
  if (balances === null) return <span className="b-dim">no node of {onChain.chain} answers</span>;
  if (balances.length === 0) return <span className="b-dim">nothing</span>;
  return (
    <ul>
      {balances.map(({ assetId, amount, spendable }) => (
        <li key={assetId}>
          <Value assets={assets} asset={assetId} amount={amount} />
          {spendable !== amount && (
            <span className="b-dim">
              {" "}
              (<Value assets={assets} asset={assetId} amount={spendable} /> to be spent now)
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

type AccountProps = {
  readonly network: string;
  readonly account: Account;
  readonly assets: Assets;
  readonly onPay: ((order: Order) => void) | undefined;
};

function AccountPanel({ network, account, assets, onPay }: AccountProps): ReactElement {
  const name = account.account;
  return (
    <Panel title={name} flush>
      <ScrollBox label={`Account ${name}`}>
        <table className="b-table b-table-top" aria-label={`Account ${name}`}>
          <thead>
            <tr>
              <th scope="col">Chain</th>
              <th scope="col" className="b-extra">
                Address
              </th>
              <th scope="col" className="b-number">
                Balance
              </th>
              {onPay !== undefined && (
                <th scope="col">
                  <span className="b-unseen">Pay</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {account.chains.map((onChain) => (
              <tr key={onChain.chain}>
                <th scope="row">
                  <Link href={`/n/${network}/chains/${onChain.chain}/explorer`}>{onChain.chain}</Link>
                </th>
                <td className="b-extra">
                  {onChain.address === "" ? (
                    <span className="b-dim">–</span>
                  ) : (
                    <Hash
                      value={onChain.address}
                      what={`address of ${name} on ${onChain.chain}`}
                      href={`/n/${network}/chains/${onChain.chain}/addresses/${onChain.address}`}
                    />
                  )}
                </td>
                <td className="b-number b-balance">
                  <Balances onChain={onChain} assets={assets} />
                </td>
                {onPay !== undefined && (
                  <td className="b-number">
                    <Button
                      size="compact-sm"
                      variant="default"
                      disabled={onChain.balances === null}
                      aria-label={`Pay from ${name} on ${onChain.chain}`}
                      onClick={() => onPay({ from: name, chain: onChain.chain })}
                    >
                      Pay
                    </Button>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </Panel>
  );
}

/** Another process has the wallet's folder: the command line, for a moment, or a second platform. */
function Locked(): ReactElement {
  return (
    <div className="b-note" role="status">
      <Icon name="key" />
      <p>
        The wallet is held by another process, most often a command that is running at this moment. It is free again
        when that ends. If it stays so, a second platform works on the same folder: stop one of them.
      </p>
    </div>
  );
}

export function AccountsPage(): ReactElement {
  const { network = "" } = useParams();
  const assets = useAssets(network);
  const [order, setOrder] = useState<Order>();
  const [, go] = useLocation();
  const { data: me } = useMe();
  const { data: status } = useNetwork(network);
  const read = useRead("accounts", { params: { network } }, { refreshMs: 2 * REFRESH_MS });
  const isLocked = read.error !== null && errorOf(read.error).code === "FOLDER_IN_USE";
  return (
    <Page title="Accounts" crumbs={[{ label: network, href: `/n/${network}` }]}>
      {isLocked && <Locked />}
      <Loaded read={read} what="the accounts">
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              icon="wallet"
              sentence="This network has no accounts of its own. A line under “accounts” in its definition makes one."
            >
              <Button onClick={() => go(`/n/${network}/definition`)}>See the definition</Button>
            </Empty>
          ) : (
            <>
              <p className="b-lead">
                They belong to this network's own wallet, whose keys never leave its folder; for anything else use a
                wallet of your own.
              </p>
              {items.map((account) => (
                <AccountPanel
                  key={account.account}
                  network={network}
                  account={account}
                  assets={assets}
                  onPay={hasRole(me, "d", network) ? setOrder : undefined}
                />
              ))}
            </>
          )
        }
      </Loaded>
      <OrderDialog
        key={`${order?.from} ${order?.chain}`}
        kind="pay"
        isOpen={order !== undefined}
        onClose={() => setOrder(undefined)}
        network={network}
        chain={order?.chain ?? ""}
        mainChain={status?.main.chain ?? "main"}
        {...(order !== undefined && { from: order.from })}
      />
      <CommandLine command="bystack wallet balance" />
    </Page>
  );
}
