// What may be done with a side chain: start, stop, archive, delete, one more node. What stops it is asked twice, and what destroys
// it wants its name.

import { Button, Menu } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useLocation } from "wouter";
import { ConfirmRisk } from "../../parts/confirm-risk.tsx";
import { Icon } from "../../parts/icons.tsx";
import { call, type Reply } from "../../platform/api.ts";
import { keepDraft } from "../../platform/drafts.ts";
import { hasRole, useMe } from "../../platform/me.ts";
import { useChange } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { withObserver } from "../../view/definition-edit.ts";
import { formatDuration, formatTime } from "../../view/formats.ts";

type Side = Reply<"network">["sides"][number];
type Verb = "stop" | "archive" | "delete";
type ActionsProps = { readonly network: string; readonly side: Side };

const TITLES: Readonly<Record<Verb, string>> = { stop: "Stop", archive: "Archive", delete: "Delete" };

function Warning({ verb, side }: { readonly verb: Verb; readonly side: Side }): ReactElement {
  const { chain, federation } = side;
  if (verb === "stop")
    return (
      <p>
        All nodes of {chain} stop. Nothing on it becomes final until it is started again
        {federation !== null && "; deposits wait on the main chain, payouts are not made"}. Data and keys stay.
      </p>
    );
  if (verb === "archive")
    return (
      <p>
        {chain} stops for good. For seven days it can be started again with everything that was on it; then it may be
        deleted.
      </p>
    );
  return (
    <>
      <p>The data and the keys of {chain} are removed from every node. Nobody can bring them back.</p>
      {federation !== null && (
        <p>
          <strong>What its vault still holds on the main chain is lost with the keys.</strong> Withdraw it first.
        </p>
      )}
    </>
  );
}

export function ChainActions({ network, side }: ActionsProps): ReactElement | null {
  const { chain, desired, deletableFromMs } = side;
  const [asked, setAsked] = useState<Verb>();
  const { data: me } = useMe();
  const nowMs = useNow();
  const [, go] = useLocation();
  const onDone = ({ id }: { readonly id: string }): void => go(`/n/${network}/operations/${Number(id)}`);
  const start = useChange("startChain", { onDone });
  const changes = {
    stop: useChange("stopChain", { onDone }),
    archive: useChange("archiveChain", { onDone }),
    delete: useChange("deleteChain", { onDone }),
  };
  if (!hasRole(me, "o", network)) return null;
  const params = { network, chain };
  const isOwner = hasRole(me, "w", network);
  const waitMs = deletableFromMs === null ? null : deletableFromMs - nowMs;
  const verb = asked ?? "stop";
  const change = changes[verb];
  const confirm = (): void => {
    if (verb === "delete") changes.delete.mutate({ params, body: { confirm: chain } });
    else changes[verb].mutate({ params });
  };
  const addNode = async (): Promise<void> => {
    const { definition } = await call("definition", { params: { network } });
    const changed = withObserver(definition, chain);
    if (changed !== undefined) keepDraft(network, changed);
    go(`/n/${network}/definition`);
  };
  return (
    <>
      {desired === "running" ? (
        <Menu position="bottom-end" withinPortal>
          <Menu.Target>
            <Button variant="default" rightSection={<Icon name="down" size={14} />}>
              Change
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<Icon name="plus" size={14} />} onClick={() => void addNode()}>
              Add a node …
            </Menu.Item>
            <Menu.Item leftSection={<Icon name="stop" size={14} />} onClick={() => setAsked("stop")}>
              Stop …
            </Menu.Item>
            {isOwner && (
              <Menu.Item leftSection={<Icon name="archive" size={14} />} onClick={() => setAsked("archive")}>
                Archive …
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      ) : (
        <>
          {desired === "archived" && isOwner && (
            <Button
              variant="default"
              leftSection={<Icon name="trash" />}
              disabled={waitMs !== null && waitMs > 0}
              title={
                waitMs !== null && waitMs > 0 && deletableFromMs !== null
                  ? `In ${formatDuration(waitMs)}, from ${formatTime(deletableFromMs)}`
                  : undefined
              }
              onClick={() => setAsked("delete")}
            >
              Delete
            </Button>
          )}
          <Button leftSection={<Icon name="play" />} loading={start.isPending} onClick={() => start.mutate({ params })}>
            Start
          </Button>
        </>
      )}
      <ConfirmRisk
        isOpen={asked !== undefined}
        onClose={() => {
          change.reset();
          setAsked(undefined);
        }}
        title={`${TITLES[verb]} ${chain}`}
        verb={`${TITLES[verb]} ${chain}`}
        command={verb === "delete" ? `bystack chain delete ${chain} --yes` : `bystack chain ${verb} ${chain}`}
        {...(verb === "delete" && { typed: chain })}
        isDangerous
        isBusy={change.isPending}
        error={change.error}
        onConfirm={confirm}
      >
        <Warning verb={verb} side={side} />
      </ConfirmRisk>
    </>
  );
}
