// The definition of a network, as a file: judged by the platform while it is written, with line and rule of what is wrong. From
// here to the plan. For a network that is not there yet it begins with a preset.

import { Button, SegmentedControl } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useLocation, useParams } from "wouter";
import { CodeEditor } from "../parts/code-editor.tsx";
import { CommandLine } from "../parts/command-line.tsx";
import { Icon } from "../parts/icons.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Failed, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import { call, errorOf, type Reply } from "../platform/api.ts";
import { keepDraft, useDraft } from "../platform/drafts.ts";
import { useRead } from "../platform/queries.ts";
import { type DefinitionProblem, networkNameOf, problemsOf } from "../view/definition.ts";
import { counted } from "../view/formats.ts";

/** After so long without a keystroke the platform is asked. */
const PAUSE_MS = 500;
const PROBLEMS_ID = "definition-problems";
const DEFINITION_CODES: readonly string[] = ["DEFINITION_UNREADABLE", "DEFINITION_INVALID"];

type Verdict = { readonly plan: Reply<"plan"> | undefined; readonly error: unknown; readonly isAsking: boolean };

/** What the platform thinks of a text: a plan changes nothing, so it is asked for while one writes. */
function useVerdict(text: string, network: string | undefined): Verdict {
  const [steady] = useDebouncedValue(text, PAUSE_MS);
  const { data, error, isFetching } = useQuery({
    queryKey: ["plan", network, steady],
    queryFn: () => call("plan", { params: { network: network ?? "" }, body: { definition: steady } }),
    enabled: network !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return { plan: error === null ? data : undefined, error, isAsking: isFetching || steady !== text };
}

function Problems({ problems }: { readonly problems: readonly DefinitionProblem[] }): ReactElement {
  return (
    <ul className="b-lines b-definition-problems" id={PROBLEMS_ID} aria-live="polite">
      {problems.map(({ line, path, rule }) => (
        <li key={`${line} ${path} ${rule}`}>
          <Icon name="stop" size={16} />
          <span>
            {line !== null && <strong>Line {line}: </strong>}
            {path !== "" && <code>{path}</code>} {rule}
          </span>
        </li>
      ))}
    </ul>
  );
}

function VerdictLine({
  verdict,
  network,
}: {
  readonly verdict: Verdict;
  readonly network: string | undefined;
}): ReactElement {
  const { plan, error, isAsking } = verdict;
  if (network === undefined) return <StatusBadge tone="bad" word="no line “network: <name>”" />;
  if (error !== null) return <StatusBadge tone="bad" word="cannot be applied" />;
  if (isAsking || plan === undefined) return <StatusBadge tone="busy" word="being checked" />;
  if (plan.refused.length > 0)
    return <StatusBadge tone="bad" word={`${counted(plan.refused.length, "part")} refused`} />;
  if (plan.actions.length === 0) return <StatusBadge tone="good" word="is what runs" />;
  return <StatusBadge tone="good" word={`valid, ${counted(plan.actions.length, "change")}`} />;
}

type DraftProps = { readonly original: string; readonly isNew: boolean; readonly draftName: string };

function Draft({ original, isNew, draftName }: DraftProps): ReactElement {
  const [, go] = useLocation();
  const draft = useDraft(draftName);
  const text = draft ?? original;
  const network = networkNameOf(text);
  const verdict = useVerdict(text, network);
  const { code, why } = verdict.error === null ? { code: "", why: "" } : errorOf(verdict.error);
  const isOfText = DEFINITION_CODES.includes(code);
  const problems = isOfText ? problemsOf(why) : [];
  const wrongLines = new Set(problems.flatMap(({ line }) => (line === null ? [] : [line])));
  const hasPlan = verdict.plan !== undefined && (verdict.plan.actions.length > 0 || verdict.plan.refused.length > 0);
  const toPlan = (): void => {
    if (network === undefined) return;
    // The plan's page finds it under the name of the network that it is for.
    keepDraft(network, text);
    go(`/n/${network}/plan`);
  };
  return (
    <Panel
      title={isNew ? "A new network" : "bystack.yaml"}
      note={<VerdictLine verdict={verdict} network={network} />}
      actions={
        <>
          {draft !== undefined && draft !== original && (
            <Button variant="default" size="xs" onClick={() => keepDraft(draftName, undefined)}>
              Undo all
            </Button>
          )}
          <Button size="xs" disabled={!hasPlan || verdict.isAsking} onClick={toPlan}>
            See the plan
          </Button>
        </>
      }
    >
      <div className="b-stack">
        <CodeEditor
          label="Definition of the network"
          value={text}
          onChange={(value) => keepDraft(draftName, value)}
          wrongLines={wrongLines}
          describedBy={PROBLEMS_ID}
        />
        <Problems problems={problems} />
        {verdict.error !== null && !isOfText && <Failed error={verdict.error} />}
        <CommandLine command="bystack plan bystack.yaml" />
      </div>
    </Panel>
  );
}

const PRESETS = [
  {
    value: "dev",
    label: "Fixed committee",
    text: "One main chain, one side chain with four validators, the federation between them.",
  },
  {
    value: "dev-elections",
    label: "With elections",
    text: "The same, where the side chain's committee is elected, and a fifth node without a seat yet.",
  },
] as const;
type Preset = (typeof PRESETS)[number]["value"];

function NewNetwork(): ReactElement {
  const [preset, setPreset] = useState<Preset>("dev");
  const read = useRead("preset", { params: { preset } });
  const choose = (value: string): void => {
    const found = PRESETS.find((candidate) => candidate.value === value);
    if (found === undefined) return;
    // What was written on top of the other preset is no change of this one.
    keepDraft("new", undefined);
    setPreset(found.value);
  };
  return (
    <Page title="New network" crumbs={[{ label: "Networks", href: "/" }]}>
      <div className="b-filter">
        <SegmentedControl
          aria-label="Preset"
          transitionDuration={0}
          data={PRESETS.map(({ value, label }) => ({ value, label }))}
          value={preset}
          onChange={choose}
        />
        <p>{PRESETS.find(({ value }) => value === preset)?.text} It can be applied as it stands.</p>
      </div>
      <Loaded read={read} what="the preset">
        {({ definition }) => <Draft original={definition} isNew draftName="new" />}
      </Loaded>
    </Page>
  );
}

export function EditorPage(): ReactElement {
  const { network } = useParams();
  return network === undefined ? <NewNetwork /> : <AppliedDefinition network={network} />;
}

function AppliedDefinition({ network }: { readonly network: string }): ReactElement {
  const read = useRead("definition", { params: { network } });
  return (
    <Page title="Definition" crumbs={[{ label: network, href: `/n/${network}` }]}>
      <Loaded read={read} what="the definition">
        {({ definition, revision }) => (
          <>
            <p className="b-lead">
              What {network} shall be, in one file; revision {revision} is applied. Change it, read the plan, apply it.
            </p>
            <Draft original={definition} isNew={false} draftName={network} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
