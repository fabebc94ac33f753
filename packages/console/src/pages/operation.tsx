// One operation: how far it is, what each step did and took, why it failed, and the way on: resume or take back.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useParams } from "wouter";
import { Advice, CommandLine } from "../parts/command-line.tsx";
import { ConfirmRisk } from "../parts/confirm-risk.tsx";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icons.tsx";
import { KeyValue } from "../parts/key-value.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Failed, Loaded } from "../parts/page-states.tsx";
import { StatusBadge } from "../parts/status-badge.tsx";
import type { Reply } from "../platform/api.ts";
import { hasRole, useMe, useNames } from "../platform/me.ts";
import { REFRESH_MS, useChange, useRead } from "../platform/queries.ts";
import { useNow } from "../platform/time.ts";
import { formatDuration, formatTime } from "../view/formats.ts";
import { operationStatus, stepStatus } from "../view/status.ts";

type Operation = Reply<"operation">;

function Steps({ operation }: { readonly operation: Operation }): ReactElement {
  const nowMs = useNow();
  return (
    <ol className="b-steps">
      {operation.steps.map(({ name, title, state, note, startedAtMs, endedAtMs }) => (
        <li key={name} aria-current={state === "running" ? "step" : undefined}>
          <span className="b-step-state">
            <StatusBadge {...stepStatus(state)} />
          </span>
          <div>
            <span>{title}</span>
            {note !== "" && <span className="b-step-note">{note}</span>}
          </div>
          <span className="b-number b-dim">
            {startedAtMs === null ? "" : formatDuration((endedAtMs ?? nowMs) - startedAtMs)}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Failure({ operation }: { readonly operation: Operation }): ReactElement | null {
  const { error, steps } = operation;
  if (error === null) return null;
  const step = steps.find(({ name }) => name === error.step);
  return (
    <div className="b-problem" role="alert">
      <Icon name="stop" size={20} />
      <div className="b-problem-text">
        <p>
          <strong>{error.message}</strong> <code className="b-code">{error.code}</code>
        </p>
        {step !== undefined && <p>At the step: {step.title}</p>}
        {error.why !== "" && <p className="b-problem-why">{error.why}</p>}
        <p>
          <Advice text={error.next} />
        </p>
      </div>
    </div>
  );
}

function Actions({ operation }: { readonly operation: Operation }): ReactElement | null {
  const [isAsking, setIsAsking] = useState(false);
  const { data: me } = useMe();
  const { network, id, state, cancelAsked } = operation;
  const params = { network, operation: String(Number(id)) };
  const resume = useChange("resumeOperation");
  const cancel = useChange("cancelOperation", { onDone: () => setIsAsking(false) });
  if (!hasRole(me, "o", network)) return null;
  const canCancel = (state === "queued" || state === "running" || state === "failed") && !cancelAsked;
  return (
    <>
      {state === "failed" && (
        <Button
          leftSection={<Icon name="retry" />}
          loading={resume.isPending}
          onClick={() => resume.mutate({ params })}
        >
          Resume
        </Button>
      )}
      {canCancel && (
        <Button variant="default" onClick={() => setIsAsking(true)}>
          Take back
        </Button>
      )}
      {resume.error !== null && <Failed error={resume.error} />}
      <ConfirmRisk
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
        title={`Take back operation ${Number(id)}`}
        verb="Take back"
        command={`bystack operation cancel ${Number(id)}`}
        isBusy={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate({ params })}
      >
        <p>
          Its steps are undone from the last one on, down to the first that cannot be taken back. What it found is left
          as it was.
        </p>
      </ConfirmRisk>
    </>
  );
}

function Facts({ operation }: { readonly operation: Operation }): ReactElement {
  const { network, chain, actorId, createdAtMs, startedAtMs, endedAtMs, definitionHash, steps } = operation;
  const nameOf = useNames();
  const done = steps.filter(({ state }) => state === "done").length;
  return (
    <KeyValue
      facts={[
        { name: "Steps", value: `${done} of ${steps.length} done` },
        { name: "Asked for", value: formatTime(createdAtMs) },
        { name: "By", value: nameOf(actorId) },
        { name: "Begun", value: startedAtMs === null ? "waits for its turn" : formatTime(startedAtMs) },
        { name: "Ended", value: endedAtMs === null ? "–" : formatTime(endedAtMs) },
        {
          name: "Chain",
          value: chain === null ? "the whole network" : <Link href={`/n/${network}/chains/${chain}`}>{chain}</Link>,
        },
        ...(definitionHash === null
          ? []
          : [{ name: "Definition", value: <Hash value={definitionHash} what="hash of the definition" /> }]),
      ]}
    />
  );
}

export function OperationPage(): ReactElement {
  const { network = "", operation: id = "" } = useParams();
  const params = { network, operation: id };
  const known = useRead("operation", { params });
  const isOver = known.data?.endedAtMs !== null && known.data?.state !== "running";
  const read = useRead("operation", { params }, { refreshMs: isOver ? undefined : REFRESH_MS });
  const at = `/n/${network}`;
  return (
    <Page
      title={read.data?.title ?? `Operation ${id}`}
      badge={read.data && <StatusBadge {...operationStatus(read.data)} />}
      crumbs={[
        { label: network, href: at },
        { label: "Operations", href: `${at}/operations` },
      ]}
      actions={read.data && <Actions operation={read.data} />}
    >
      <Loaded read={read} what={`operation ${id}`}>
        {(operation) => (
          <div className="b-stack">
            <Failure operation={operation} />
            <Panel title="Steps" flush>
              <Steps operation={operation} />
            </Panel>
            <Panel title="About it">
              <Facts operation={operation} />
            </Panel>
            <CommandLine command={`bystack operation show ${Number(operation.id)}`} />
          </div>
        )}
      </Loaded>
    </Page>
  );
}
