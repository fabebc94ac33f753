// What a page shows when it has nothing to show yet, nothing at all, an error, or data that are getting old. Whatever was read
// stays on the screen with its age: an operator at night needs the last known state more than a clean page.

import { Button, Loader } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";
import { errorOf } from "../platform/api.ts";
import type { Read } from "../platform/queries.ts";
import { useNow } from "../platform/time.ts";
import { formatAge } from "../view/formats.ts";
import { Advice } from "./command-line.tsx";
import type { IconName } from "./icon-paths.ts";
import { Icon } from "./icons.tsx";

export function Loading({ what }: { readonly what: string }): ReactElement {
  return (
    <div className="b-state" role="status" data-loading="">
      <Loader size="sm" aria-hidden="true" />
      <p>Reading {what} …</p>
    </div>
  );
}

type EmptyProps = {
  readonly sentence: string;
  readonly icon?: IconName;
  /** What to do about it. */
  readonly children?: ReactNode;
};

/** Nothing is there: a sentence, and what to do. */
export function Empty({ sentence, icon = "box", children }: EmptyProps): ReactElement {
  return (
    <div className="b-state b-state-empty">
      <Icon name={icon} size={26} />
      <p>{sentence}</p>
      {children}
    </div>
  );
}

/** What went wrong: code, cause, next command. */
export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }): ReactElement {
  const { code, message, why, next } = errorOf(error);
  return (
    <div className="b-problem" role="alert">
      <Icon name="stop" size={20} />
      <div className="b-problem-text">
        <p>
          <strong>{message}</strong> <code className="b-code">{code}</code>
        </p>
        {why !== "" && <p className="b-problem-why">{why}</p>}
        <p>
          <Advice text={next} />
        </p>
        {onRetry !== undefined && (
          <Button size="xs" variant="default" leftSection={<Icon name="retry" size={14} />} onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** Old data are shown below; this says how old they are and why nothing newer came. */
function Stale({ error, atMs, onRetry }: { error: unknown; atMs: number; onRetry: () => void }): ReactElement {
  const nowMs = useNow();
  const { code, message, next } = errorOf(error);
  return (
    <div className="b-stale" role="status">
      <Icon name="warn" size={18} />
      <div>
        <strong>From {formatAge(atMs, nowMs)}.</strong> {message} <code className="b-code">{code}</code>{" "}
        <Advice text={next} />
      </div>
      <Button size="compact-xs" variant="default" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}

type LoadedProps<T> = {
  readonly read: Read<T>;
  /** In the sentence `Reading … `. */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
};

/** A page's data in whichever state they are. */
export function Loaded<T>({ read, what, children }: LoadedProps<T>): ReactElement {
  const { data, error, dataUpdatedAt, refetch } = read;
  const onRetry = (): void => void refetch();
  if (data === undefined) return error === null ? <Loading what={what} /> : <Failed error={error} onRetry={onRetry} />;
  return (
    <>
      {error !== null && <Stale error={error} atMs={dataUpdatedAt} onRetry={onRetry} />}
      {children(data)}
    </>
  );
}
