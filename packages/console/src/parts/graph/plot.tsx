// A plot of numbers over time. The drawing is fetched when the first plot is shown; for those who do not see it there is a
// sentence with the last values.

import { lazy, type ReactElement, Suspense } from "react";
import type { Tone } from "../../view/status.ts";

export type PlotLine = { readonly label: string; readonly tone: Tone; readonly values: readonly (number | null)[] };
export type PlotProps = {
  /** What is plotted, for screen readers. */
  readonly label: string;
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly lines: readonly PlotLine[];
  /** Behind the values of the axis: `s`, `blocks/s`. */
  readonly unit: string;
};

const Canvas = lazy(async () => ({ default: (await import("./plot-canvas.tsx")).PlotCanvas }));

function sentenceOf({ label, lines, unit }: PlotProps): string {
  const last = lines.map((line) => `${line.label} ${line.values.at(-1) ?? "unknown"} ${unit}`);
  return `${label}. Last: ${last.join(", ")}.`;
}

export function Plot(props: PlotProps): ReactElement {
  return (
    <div className="b-plot" role="img" aria-label={sentenceOf(props)}>
      <Suspense fallback={<span data-loading="" />}>
        <Canvas {...props} />
      </Suspense>
    </div>
  );
}
