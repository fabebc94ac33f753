// The consensus of one side chain, as one of its nodes sees it: who was heard when, in which view each node is, what is missing.

import type { ReactElement } from "react";
import { Link, useParams } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { type Column, DataTable } from "../parts/data-table.tsx";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icons.tsx";
import { KeyValue } from "../parts/key-value.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Loaded } from "../parts/page-states.tsx";
import { StatusBadge, TONE_ICONS } from "../parts/status-badge.tsx";
import { WhyPanel } from "../parts/why-panel.tsx";
import type { Reply } from "../platform/api.ts";
import { REFRESH_MS, useNetwork, useRead, WHY_REFRESH_MS } from "../platform/queries.ts";
import { formatCount, formatDuration, listed } from "../view/formats.ts";
import { silenceShare, summaryOf, voteStatus } from "../view/votes.ts";

type Consensus = Reply<"chain.consensus">;
type Voter = Consensus["validators"][number];
type NodeRow = Reply<"network">["nodes"][number];

/** A bar that fills while nothing is heard; full at ten seconds. */
function Silence({ share, tone }: { readonly share: number; readonly tone: string }): ReactElement {
  return (
    <span className="b-bar" aria-hidden="true">
      <span className={`b-bar-fill b-bar-${tone}`} style={{ width: `${Math.max(4, share * 100)}%` }} />
    </span>
  );
}

function heardText({ self, lastVoteAgeMs }: Voter): string {
  if (self) return "the node that was asked";
  return lastVoteAgeMs === null ? "not since it started" : `${formatDuration(lastVoteAgeMs)} ago`;
}

type VotersProps = {
  readonly consensus: Consensus;
  readonly nodes: readonly NodeRow[];
  readonly at: string;
};

function Voters({ consensus, nodes, at }: VotersProps): ReactElement {
  const rowOf = ({ id }: Voter): NodeRow | undefined => nodes.find((node) => node.id === id);
  const columns: readonly Column<Voter>[] = [
    {
      name: "Validator",
      cell: ({ id }) => (nodes.some((node) => node.id === id) ? <Link href={`${at}/nodes/${id}`}>{id}</Link> : id),
    },
    { name: "State", cell: (voter) => <StatusBadge {...voteStatus(voter, consensus.voting)} /> },
    {
      name: "Last heard",
      cell: (voter) => (
        <span className="b-heard">
          <Silence share={silenceShare(voter, consensus.voting)} tone={voteStatus(voter, consensus.voting).tone} />
          {heardText(voter)}
        </span>
      ),
    },
    { name: "Its view", cell: (voter) => formatCount(rowOf(voter)?.view ?? null), isNumber: true, isExtra: true },
    { name: "Vote key", cell: ({ voteKey }) => <Hash value={voteKey} what="vote key" />, isExtra: true },
  ];
  return <DataTable label="Validators" rows={consensus.validators} keyOf={({ id }) => id} columns={columns} />;
}

function Summary({ consensus }: { readonly consensus: Consensus }): ReactElement {
  const { status, sentence, missing } = summaryOf(consensus);
  return (
    <div className={`b-health b-${status.tone}`} role="status">
      <Icon name={TONE_ICONS[status.tone]} size={22} />
      <div className="b-health-text">
        <p>{sentence}</p>
        {missing.length > 0 && <p className="b-health-more">Missing: {listed(missing, 6)}.</p>}
      </div>
    </div>
  );
}

function ConsensusBody({ consensus, nodes, at }: VotersProps): ReactElement {
  const { epoch, view, quorum, faultsTolerated, validators, nullifiedTotal, notVotingBecause, supplyProblem } =
    consensus;
  const asked = validators.find(({ self }) => self)?.id;
  return (
    <>
      <Summary consensus={consensus} />
      {supplyProblem !== null && <p className="b-note">No payout is signed any more: {supplyProblem}.</p>}
      <Panel title="Round" note={asked === undefined ? "as a node without a seat sees it" : `as ${asked} sees it`}>
        <KeyValue
          facts={[
            { name: "View", value: formatCount(view) },
            { name: "Epoch", value: formatCount(epoch) },
            { name: "Needed (q)", value: `${quorum} of ${validators.length}` },
            { name: "May fail (f)", value: faultsTolerated },
            { name: "Nullified views", value: formatCount(nullifiedTotal) },
            ...(notVotingBecause === null ? [] : [{ name: "Does not vote because", value: notVotingBecause }]),
          ]}
        />
      </Panel>
      <Panel title="Votes" note="a validator not heard for 10 s is missing" flush>
        <Voters consensus={consensus} nodes={nodes} at={at} />
      </Panel>
    </>
  );
}

export function ConsensusPage(): ReactElement {
  const { network = "", chain = "" } = useParams();
  const at = `/n/${network}`;
  const status = useNetwork(network);
  const read = useRead("chain.consensus", { params: { network, chain } }, { refreshMs: REFRESH_MS });
  const why = useRead("whyChain", { params: { network, chain } }, { refreshMs: WHY_REFRESH_MS });
  const nodes = (status.data?.nodes ?? []).filter((node) => node.chain === chain);
  const isStopped = status.data?.sides.find((side) => side.chain === chain)?.state === "stopped";
  return (
    <Page
      title="Consensus"
      crumbs={[
        { label: network, href: at },
        { label: chain, href: `${at}/chains/${chain}` },
      ]}
    >
      {isStopped && read.data === undefined ? (
        <Empty icon="chain" sentence={`${chain} is stopped: nobody votes. Its nodes start with the network.`}>
          <CommandLine command="bystack up" label={null} />
        </Empty>
      ) : (
        <Loaded read={read} what={`the consensus of ${chain}`}>
          {(consensus) => <ConsensusBody consensus={consensus} nodes={nodes} at={at} />}
        </Loaded>
      )}
      <WhyPanel read={why} command={`bystack why ${chain}`} />
    </Page>
  );
}
