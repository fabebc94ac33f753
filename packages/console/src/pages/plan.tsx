// The plan: what would be done to make the network what the draft says, action by action with its risk, and what is refused. Apply
// carries the plan's hash: if the world has moved on, nothing is done and a new plan is asked for.

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { Link, useLocation, useParams } from "wouter";
import { Advice, CommandLine } from "../parts/command-line.tsx";
import { ConfirmRisk } from "../parts/confirm-risk.tsx";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icons.tsx";
import { KeyValue } from "../parts/key-value.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Empty, Failed, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { call, errorOf, type Reply } from "../platform/api.ts";
import { keepDraft, useDraft } from "../platform/drafts.ts";
import { hasRole, useMe } from "../platform/me.ts";
import { useChange, useNetwork } from "../platform/queries.ts";
import { counted } from "../view/formats.ts";
import { classWords, estimateText, margins, riskStatus, worstRisk } from "../view/plan.ts";

type Plan = Reply<"plan">;
type Action = Plan["actions"][number];

function ActionLine({ action }: { readonly action: Action }): ReactElement {
  const { class: kind, title, before, after, risk, committee, chain } = action;
  const { network = "" } = useParams();
  const { data: status } = useNetwork(network);
  const side = status?.sides.find((candidate) => candidate.chain === chain);
  const isVoting = status?.nodes.find(({ id }) => id === action.target)?.voting === true;
  const margin = margins(committee, side, isVoting);
  const { sign, word } = classWords(kind);
  return (
    <li className={`b-action b-action-${kind}`}>
      <span className="b-action-sign" aria-hidden="true">
        {sign}
      </span>
      <div className="b-action-text">
        <p>
          {title} <span className="b-dim">({word})</span>
        </p>
        {before !== "" && after !== "" && (
          <p>
            <del>{before}</del> <Icon name="right" size={12} /> <ins>{after}</ins>
          </p>
        )}
        {margin !== undefined && (
          <p className="b-dim">
            Now: {margin.now}. Meanwhile: {margin.meanwhile}.
          </p>
        )}
      </div>
      <span className="b-action-risk">
        <StatusBadge {...riskStatus(risk)} />
      </span>
    </li>
  );
}

function Refusals({ plan }: { readonly plan: Plan }): ReactElement | null {
  if (plan.refused.length === 0) return null;
  return (
    <Panel title="Refused" note="As long as one part is refused, none is done." flush>
      <ul className="b-actions">
        {plan.refused.map(({ code, path, why, next }) => (
          <li key={`${path} ${why}`} className="b-action b-action-refused">
            <Icon name="stop" size={18} />
            <div className="b-action-text">
              <p>
                <code>{path}</code> {why} <code className="b-code">{code}</code>
              </p>
              <p>
                <Advice text={next} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Apply({
  plan,
  definition,
  onStale,
}: {
  plan: Plan;
  definition: string;
  onStale: () => void;
}): ReactElement | null {
  const [isAsking, setIsAsking] = useState(false);
  const [, go] = useLocation();
  const { data: me } = useMe();
  const { network, hash, actions, refused } = plan;
  const apply = useChange("apply", {
    onDone: ({ id }) => {
      keepDraft(network, undefined);
      keepDraft("new", undefined);
      go(`/n/${network}/operations/${Number(id)}`);
    },
  });
  if (!hasRole(me, "o", network)) return null;
  const risk = worstRisk(actions);
  const isGrave = risk === "halt" || risk === "loss";
  const isStale = apply.error !== null && errorOf(apply.error).code === "PLAN_STALE";
  return (
    <>
      {isStale && (
        <Button variant="default" leftSection={<Icon name="retry" />} onClick={onStale}>
          Plan again
        </Button>
      )}
      <Button disabled={refused.length > 0 || actions.length === 0 || isStale} onClick={() => setIsAsking(true)}>
        Apply
      </Button>
      <ConfirmRisk
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={`Apply ${counted(actions.length, "change")} to ${network}`}
        verb="Apply"
        command="bystack apply bystack.yaml"
        {...(risk === "loss" && { typed: network })}
        isDangerous={isGrave}
        isBusy={apply.isPending}
        error={apply.error}
        onConfirm={() => apply.mutate({ params: { network }, body: { definition, planHash: hash } })}
      >
        <p>
          Worst risk: <StatusBadge {...riskStatus(risk)} /> It takes {estimateText(actions)}, step by step; each step
          can be followed, and taken back until the first that cannot.
        </p>
        <p>
          Bound to the plan <Hash value={hash} what="hash of the plan" />: if the network has changed since, nothing is
          done.
        </p>
      </ConfirmRisk>
    </>
  );
}

function PlanBody({ plan }: { readonly plan: Plan }): ReactElement {
  const { actions, hash, revision, refused } = plan;
  return (
    <>
      <Refusals plan={plan} />
      <Panel title="What would be done" note={actions.length === 0 ? undefined : estimateText(actions)} flush>
        {actions.length === 0 ? (
          <Empty
            icon={refused.length === 0 ? "check" : "stop"}
            sentence={
              refused.length === 0
                ? "The network is what the definition says; there is nothing to do."
                : "Nothing else would change."
            }
          />
        ) : (
          <ol className="b-actions">
            {actions.map((action) => (
              <ActionLine key={`${action.verb} ${action.target} ${action.title}`} action={action} />
            ))}
          </ol>
        )}
      </Panel>
      <Panel title="About this plan">
        <KeyValue
          facts={[
            { name: "Plan", value: <Hash value={hash} what="hash of the plan" /> },
            { name: "From revision", value: revision === 0 ? "a new network" : revision },
            { name: "Worst risk", value: <StatusBadge {...riskStatus(worstRisk(actions))} /> },
          ]}
        />
      </Panel>
      <CommandLine command="bystack apply bystack.yaml" />
    </>
  );
}

export function PlanPage(): ReactElement {
  const { network = "" } = useParams();
  const draft = useDraft(network);
  const at = `/n/${network}`;
  const read = useQuery({
    queryKey: ["plan", network, draft, "page"],
    queryFn: () => call("plan", { params: { network }, body: { definition: draft ?? "" } }),
    enabled: draft !== undefined,
    retry: false,
  });
  const [, go] = useLocation();
  const crumbs = [
    { label: network, href: at },
    { label: "Definition", href: `${at}/definition` },
  ];
  if (draft === undefined)
    return (
      <Page title="Plan" crumbs={crumbs}>
        <Empty
          icon="file"
          sentence="There is no draft of this network in this tab. A plan says what a changed definition would do."
        >
          <Button onClick={() => go(`${at}/definition`)}>Change the definition</Button>
        </Empty>
      </Page>
    );
  return (
    <Page
      title="Plan"
      crumbs={crumbs}
      actions={read.data && <Apply plan={read.data} definition={draft} onStale={() => void read.refetch()} />}
    >
      {read.error !== null && read.data !== undefined && <Failed error={read.error} />}
      <Loaded read={read} what="the plan">
        {(plan) => <PlanBody plan={plan} />}
      </Loaded>
      {read.error !== null && (
        <p className="b-lead">
          <Link href={`${at}/definition`}>Back to the definition</Link>
        </p>
      )}
    </Page>
  );
}
