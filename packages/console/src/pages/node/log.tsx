// A node's log as it is written. The newest thousand lines are kept; following stops while somebody reads further up.

import { Button, Switch, TextInput } from "@mantine/core";
import { type ReactElement, useEffect, useMemo, useRef, useState } from "react";
import { CommandLine } from "../../parts/command-line.tsx";
import { LogLines, type NumberedLine } from "../../parts/log-lines.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Failed } from "../../parts/page-states.tsx";
import { client } from "../../platform/api.ts";

/** Lines that the page keeps; the platform has the rest. */
export const LOG_LINES_MAX = 1_000;
const TAIL = 200;
/** Lines that come at once are drawn at once. */
const DRAW_EVERY_MS = 200;
/** So close to the end counts as at the end. */
const END_PX = 24;

type Log = {
  readonly lines: readonly NumberedLine[];
  readonly error: unknown;
  readonly isOver: boolean;
  readonly follow: () => void;
};

function useLog(network: string, node: string): Log {
  const [lines, setLines] = useState<readonly NumberedLine[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [isOver, setIsOver] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    let waiting: NumberedLine[] = [];
    let number = attempt * 1_000_000;
    const draw = (): void => {
      if (waiting.length === 0) return;
      const come = waiting;
      waiting = [];
      setLines((known) => [...known, ...come].slice(-LOG_LINES_MAX));
    };
    const timer = setInterval(draw, DRAW_EVERY_MS);
    const read = async (): Promise<void> => {
      const items = await client.stream(
        "followLogs",
        { params: { network, node }, query: { tail: TAIL } },
        { signal: controller.signal },
      );
      for await (const { line } of items) {
        number += 1;
        waiting.push({ number, text: line });
      }
    };
    setLines([]);
    setError(null);
    setIsOver(false);
    read()
      .catch((cause: unknown) => {
        if (!controller.signal.aborted) setError(cause);
      })
      .finally(() => {
        if (controller.signal.aborted) return;
        draw();
        setIsOver(true);
      });
    return () => {
      clearInterval(timer);
      controller.abort();
    };
  }, [network, node, attempt]);
  return { lines, error, isOver, follow: () => setAttempt(attempt + 1) };
}

type LogProps = { readonly network: string; readonly node: string; readonly isRunning: boolean };

export function NodeLog({ network, node, isRunning }: LogProps): ReactElement {
  const { lines, error, isOver, follow } = useLog(network, node);
  const [filter, setFilter] = useState("");
  const [isFollowing, setIsFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const shown = useMemo(
    () => lines.filter(({ text }) => text.toLowerCase().includes(filter.toLowerCase())),
    [lines, filter],
  );
  useEffect(() => {
    if (isFollowing && shown.length > 0) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [shown, isFollowing]);
  return (
    <Panel
      title="Log"
      note={isOver ? "no longer followed" : isFollowing ? "followed" : "not followed while you read"}
      actions={
        <>
          {isOver && (
            <Button size="xs" variant="default" onClick={follow}>
              Follow again
            </Button>
          )}
          <Switch
            label="Follow"
            checked={isFollowing}
            onChange={(event) => setIsFollowing(event.currentTarget.checked)}
          />
          <TextInput
            size="xs"
            aria-label="Only lines with"
            placeholder="only lines with …"
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
        </>
      }
      flush
    >
      {error !== null && <Failed error={error} onRetry={follow} />}
      {shown.length === 0 && error === null ? (
        <Empty
          icon="file"
          sentence={
            filter === ""
              ? isRunning
                ? "No line has come yet."
                : "There is no line: the node has not run, or its log was removed."
              : "No line has that in it."
          }
        />
      ) : (
        <div
          ref={box}
          className="b-log"
          role="log"
          aria-label={`Log of ${node}`}
          aria-live="off"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) =>
            setIsFollowing(scrollHeight - scrollTop - clientHeight < END_PX)
          }
        >
          <LogLines lines={shown} />
        </div>
      )}
      <div className="b-panel-foot">
        <CommandLine command={`bystack logs ${node}`} />
      </div>
    </Panel>
  );
}
