// One block: what its header says, its transactions, the blocks beside it.

import { Button } from "@mantine/core";
import type { ReactElement } from "react";
import { Link, useLocation, useParams } from "wouter";
import { CommandLine } from "../../parts/command-line.tsx";
import { ExplorerLoaded, explorerCrumbs, IndexNote, placePath } from "../../parts/explorer-frame.tsx";
import { Hash } from "../../parts/hash.tsx";
import { Icon } from "../../parts/icons.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Empty, Loaded } from "../../parts/page-states.tsx";
import { Pager, useCursors } from "../../parts/pager.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { TransactionTable } from "../../parts/transaction-table.tsx";
import type { Reply } from "../../platform/api.ts";
import { useAssets } from "../../platform/assets.ts";
import { REFRESH_MS, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { counted, formatAge, formatBytes, formatCount, formatTime } from "../../view/formats.ts";

type Block = Reply<"chain.block">;
type At = { readonly network: string; readonly chain: string };
const ROWS = 50;
/** Two hexadecimal digits are a byte. */
const HEX_DIGITS = 2;

function Facts({ block, at }: { readonly block: Block; readonly at: string }): ReactElement {
  const nowMs = useNow();
  const { height, hash, previous, timestampMs, transactions, raw, statusFail } = block;
  return (
    <KeyValue
      facts={[
        { name: "Height", value: formatCount(height) },
        { name: "Made", value: `${formatTime(timestampMs)}, ${formatAge(timestampMs, nowMs)}` },
        { name: "Transactions", value: formatCount(transactions.length) },
        { name: "Size", value: formatBytes(raw.length / HEX_DIGITS) },
        ...(statusFail.length === 0
          ? []
          : [{ name: "Failed, fee taken", value: counted(statusFail.length, "transaction") }]),
        { name: "Hash", value: <Hash value={hash} what="block hash" whole />, wide: true },
        {
          name: "Follows",
          value:
            height === 0 ? (
              "nothing: it is the first one"
            ) : (
              <Hash value={previous} what="hash of the block before" href={`${at}/blocks/${height - 1}`} whole />
            ),
          wide: true,
        },
      ]}
    />
  );
}

function Transactions({ place, height }: { readonly place: At; readonly height: number }): ReactElement {
  const assets = useAssets(place.network);
  const cursors = useCursors();
  const read = useRead("chain.blockTransactions", {
    params: { ...place, ref: String(height) },
    query: { limit: ROWS, ...cursors.query },
  });
  return (
    <Panel title="Transactions" flush>
      <ExplorerLoaded place={place} read={read} what="its transactions">
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty sentence="The block has no transaction that took effect. Side chains make empty blocks so that their clock goes on." />
          ) : (
            <>
              <TransactionTable label="Transactions" at={placePath(place)} assets={assets} rows={items} isOneBlock />
              <Pager cursors={cursors} next={next} words={["Back", "More"]} />
            </>
          )
        }
      </ExplorerLoaded>
    </Panel>
  );
}

/** To the blocks beside it; the newest has none behind it yet. */
function Neighbours({ block, at }: { readonly block: Block; readonly at: string }): ReactElement {
  const [, go] = useLocation();
  const { height } = block;
  return (
    <>
      <Button
        variant="default"
        disabled={height === 0}
        leftSection={<Icon name="left" size={14} />}
        onClick={() => go(`${at}/blocks/${height - 1}`)}
      >
        Before
      </Button>
      <Button
        variant="default"
        rightSection={<Icon name="right" size={14} />}
        onClick={() => go(`${at}/blocks/${height + 1}`)}
      >
        Next
      </Button>
    </>
  );
}

export function BlockPage(): ReactElement {
  const { network = "", chain = "", ref = "" } = useParams();
  const place = { network, chain };
  const at = placePath(place);
  const read = useRead("chain.block", { params: { ...place, ref } }, { refreshMs: 5 * REFRESH_MS });
  const block = read.data;
  return (
    <Page
      title={/^\d+$/.test(ref) ? `Block ${formatCount(Number(ref))}` : `Block ${block?.height ?? ""}`}
      crumbs={explorerCrumbs(place)}
      badge={block?.final === true && <StatusBadge tone="good" word="on the chain" />}
      actions={block !== undefined && <Neighbours block={block} at={at} />}
    >
      <IndexNote place={place} />
      <Loaded read={read} what="the block">
        {(found) => (
          <>
            <Panel title="Header">
              <Facts block={found} at={at} />
            </Panel>
            <Transactions key={found.height} place={place} height={found.height} />
          </>
        )}
      </Loaded>
      {read.error !== null && block === undefined && (
        <p className="b-after">
          It may not have been made yet. <Link href={`${at}/explorer`}>To the newest blocks of {chain}</Link>
        </p>
      )}
      <CommandLine command={`bystack block ${ref} --chain ${chain}`} />
    </Page>
  );
}
