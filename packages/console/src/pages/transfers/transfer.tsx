// One crossing: its steps one under the other, whom it waits for, how long that takes, both legs, and why it does not move.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useParams } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { Findings } from "../../parts/findings.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Icon } from "../../parts/icons.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Loaded } from "../../parts/page-states.tsx";
import { Party } from "../../parts/party.tsx";
import { StatusBadge, TONE_ICONS } from "../../parts/status-badge.tsx";
import { Stepper } from "../../parts/stepper.tsx";
import { Value } from "../../parts/value.tsx";
import type { Reply } from "../../platform/api.ts";
import { useAssets } from "../../platform/assets.ts";
import { REFRESH_MS, useNetwork, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { formatAmount, formatCount, shortHash } from "../../view/formats.ts";
import { crossingStepStatus, directionText, remainingText, transferStatus } from "../../view/transfers.ts";

type Transfer = Reply<"transfer">;
type Leg = Transfer["main"];

function LegFacts({
  leg,
  at,
  isPayee,
  recipient,
}: {
  leg: Leg;
  at: string;
  isPayee: boolean;
  recipient: string;
}): ReactElement {
  return (
    <KeyValue
      facts={[
        {
          name: "Transaction",
          value:
            leg.transaction === null ? (
              <span className="b-dim">not yet</span>
            ) : (
              <Hash value={leg.transaction} what="transaction id" href={`${at}/transactions/${leg.transaction}`} />
            ),
        },
        {
          name: "Block",
          value:
            leg.height === null ? (
              <span className="b-dim">{leg.transaction === null ? "not yet" : "see the transaction"}</span>
            ) : (
              formatCount(leg.height)
            ),
        },
        ...(isPayee ? [{ name: "Goes to", value: <Party at={at} address={null} program={recipient} /> }] : []),
      ]}
    />
  );
}

function Standing({ transfer, madeAtMs }: { readonly transfer: Transfer; readonly madeAtMs: number }): ReactElement {
  const nowMs = useNow();
  const { state, sentence, waitsFor, etaMs } = transfer;
  const { tone } = transferStatus(state);
  return (
    <div className={`b-health b-${tone}`} role="status">
      <Icon name={TONE_ICONS[tone]} size={22} />
      <div className="b-health-text">
        <p>{sentence}</p>
        {waitsFor !== null && (
          <p className="b-health-more">
            Waits for {waitsFor}.{etaMs !== null && ` Time left: ${remainingText(etaMs, madeAtMs, nowMs)}.`}
          </p>
        )}
      </div>
    </div>
  );
}

/** Asked for on demand: the nodes of both chains are questioned for it. */
function Why({ network, id }: { readonly network: string; readonly id: string }): ReactElement {
  const [isAsked, setIsAsked] = useState(false);
  const read = useRead("whyTransaction", { params: { network, id } }, { enabled: isAsked });
  return (
    <Panel
      title="Does it move?"
      actions={
        <Button
          size="xs"
          variant="default"
          loading={read.isFetching}
          onClick={() => (isAsked ? void read.refetch() : setIsAsked(true))}
        >
          {isAsked ? "Ask again" : "Why does it wait?"}
        </Button>
      }
    >
      {isAsked ? (
        <Loaded read={read} what="what the nodes say">
          {({ standing, findings }) => (
            <div className="b-stack">
              {standing !== null && <p>{standing}</p>}
              {findings.length === 0 ? (
                <p className="b-dim">Nothing is wrong: it goes its way at the pace of the two chains.</p>
              ) : (
                <Findings findings={findings} />
              )}
            </div>
          )}
        </Loaded>
      ) : (
        <p className="b-dim">The nodes of both chains are asked what holds it up, causes first.</p>
      )}
    </Panel>
  );
}

export function TransferPage(): ReactElement {
  const { network = "", chain = "", id = "" } = useParams();
  const assets = useAssets(network);
  const at = `/n/${network}/chains/${chain}`;
  const read = useRead("transfer", { params: { network, chain, id } }, { refreshMs: REFRESH_MS });
  const { data: status } = useNetwork(network);
  const mainChain = status?.main.chain ?? "main";
  const transfer = read.data;
  const asset = transfer && assets.nameOf(transfer.assetId);
  const title =
    transfer === undefined || asset === undefined
      ? `Transfer ${shortHash(id)}`
      : `${formatAmount(BigInt(transfer.amount), asset.decimals)} ${asset.name} ${directionText(transfer.direction, chain)}`;
  return (
    <Page
      title={title}
      crumbs={[
        { label: network, href: `/n/${network}` },
        { label: chain, href: at },
        { label: "Transfers", href: `${at}/transfers` },
      ]}
      badge={transfer && <StatusBadge {...transferStatus(transfer.state)} />}
    >
      <Loaded read={read} what="the transfer">
        {(found) => (
          <>
            <Standing transfer={found} madeAtMs={read.dataUpdatedAt} />
            <Panel title="Steps">
              <Stepper
                label="Steps of the transfer"
                steps={found.steps.map(({ name, title: words, state, detail }) => ({
                  name,
                  title: words,
                  status: crossingStepStatus(state),
                  detail,
                }))}
              />
            </Panel>
            <div className="b-columns-even">
              <Panel title={`On ${mainChain}`}>
                <LegFacts
                  leg={found.main}
                  at={`/n/${network}/chains/${mainChain}`}
                  isPayee={found.direction === "out"}
                  recipient={found.recipient}
                />
              </Panel>
              <Panel title={`On ${chain}`}>
                <LegFacts leg={found.side} at={at} isPayee={found.direction === "in"} recipient={found.recipient} />
              </Panel>
            </div>
            <Panel title="Facts">
              <KeyValue
                facts={[
                  {
                    name: "Amount",
                    value: <Value assets={assets} asset={found.assetId} amount={found.amount} at={at} />,
                  },
                  ...(found.payout === null ? [] : [{ name: "Payout", value: formatCount(found.payout) }]),
                  {
                    name: found.direction === "in" ? "Id, of the output paid in" : "Id, of the output burnt",
                    value: <Hash value={found.id} what="transfer id" whole />,
                    wide: true,
                  },
                ]}
              />
            </Panel>
            {found.state !== "done" && <Why network={network} id={found.id} />}
          </>
        )}
      </Loaded>
      <CommandLine command={`bystack why ${id}`} />
    </Page>
  );
}
