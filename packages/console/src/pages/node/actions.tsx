// What may be done with a node: start, stop, restart, make its data anew. The platform refuses what its chain would not survive;
// here it is said before, with the numbers.

import { Button } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { useLocation } from "wouter";
import { ConfirmRisk } from "../../parts/confirm-risk.tsx";
import { Icon } from "../../parts/icons.tsx";
import type { Reply } from "../../platform/api.ts";
import { hasRole, useMe } from "../../platform/me.ts";
import { useChange, useNetwork } from "../../platform/queries.ts";

type Side = Reply<"network">["sides"][number];
type Verb = "restart" | "stop" | "rebuild";

const TITLES: Readonly<Record<Verb, string>> = { restart: "Restart", stop: "Stop", rebuild: "Rebuild" };
const TEXTS: Readonly<Record<Verb, string>> = {
  restart: "It stops and starts again; that takes some five seconds.",
  stop: "It stays stopped until somebody starts it, or its network, again.",
  rebuild:
    "The chain's data of this node are made anew from its peers. Its keys and the record of what it has voted for stay, so it signs nothing twice.",
};

/** What the chain survives while this node is away. */
function marginSentence(side: Side | undefined, isVoting: boolean): string {
  if (side === undefined) return "Other chains wait for this one's blocks meanwhile; they go on by themselves.";
  if (!isVoting) return `It does not vote at this moment: ${side.chain} does not miss it.`;
  const left = side.voting - 1;
  const votes = `${side.voting} of ${side.validators} validators of ${side.chain} vote and ${side.quorum} are needed`;
  if (left < side.quorum) return `${votes}: without this one the chain stands still, so the platform will refuse.`;
  return left === side.quorum
    ? `${votes}: meanwhile no further one may fail.`
    : `${votes}: meanwhile ${left - side.quorum} more may fail.`;
}

type ActionsProps = { readonly network: string; readonly reply: Reply<"node"> };

export function NodeActions({ network, reply: { node } }: ActionsProps): ReactElement | null {
  const [asked, setAsked] = useState<Verb>();
  const { data: me } = useMe();
  const { data: status } = useNetwork(network);
  const [, go] = useLocation();
  const onDone = ({ id }: { readonly id: string }): void => go(`/n/${network}/operations/${Number(id)}`);
  const start = useChange("startNode", { onDone });
  const changes = {
    restart: useChange("restartNode", { onDone }),
    stop: useChange("stopNode", { onDone }),
    rebuild: useChange("rebuildNode", { onDone }),
  };
  if (!hasRole(me, "o", network)) return null;
  const params = { network, node: node.id };
  if (node.phase !== "running")
    return (
      <Button leftSection={<Icon name="play" />} loading={start.isPending} onClick={() => start.mutate({ params })}>
        Start
      </Button>
    );
  const side = status?.sides.find(({ chain }) => chain === node.chain);
  const verb = asked ?? "restart";
  const change = changes[verb];
  return (
    <>
      {node.kind === "side" && (
        <Button variant="default" onClick={() => setAsked("rebuild")}>
          Rebuild
        </Button>
      )}
      <Button variant="default" onClick={() => setAsked("stop")}>
        Stop
      </Button>
      <Button leftSection={<Icon name="retry" />} onClick={() => setAsked("restart")}>
        Restart
      </Button>
      <ConfirmRisk
        isOpen={asked !== undefined}
        onClose={() => {
          change.reset();
          setAsked(undefined);
        }}
        title={`${TITLES[verb]} ${node.id}`}
        verb={`${TITLES[verb]} ${node.id}`}
        command={`bystack node ${verb} ${node.id}`}
        isBusy={change.isPending}
        error={change.error}
        onConfirm={() => change.mutate({ params })}
      >
        <p>{TEXTS[verb]}</p>
        <p>{marginSentence(side, node.voting === true)}</p>
      </ConfirmRisk>
    </>
  );
}
