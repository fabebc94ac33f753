// How long a chain took for its blocks since this tab was opened.

import { type ReactElement, useMemo } from "react";
import { useHistory } from "../platform/history.ts";
import { Plot } from "./graph/plot.tsx";

/** Fewer moments than this make no line. */
const MOMENTS_MIN = 3;

export function IntervalPlot({ network, chain }: { readonly network: string; readonly chain: string }): ReactElement {
  const history = useHistory(network, chain);
  const times = useMemo(() => history.map(({ atMs }) => atMs / 1000), [history]);
  const lines = useMemo(
    () => [
      {
        label: "Seconds per block",
        tone: "busy" as const,
        values: history.map(({ intervalMs }) => (intervalMs === null ? null : intervalMs / 1000)),
      },
    ],
    [history],
  );
  if (history.length < MOMENTS_MIN)
    return (
      <p className="b-dim">The line begins in a few seconds: it shows what this tab has seen, up to fifteen minutes.</p>
    );
  return <Plot label={`Seconds per block of ${chain}`} times={times} lines={lines} unit="s" />;
}
