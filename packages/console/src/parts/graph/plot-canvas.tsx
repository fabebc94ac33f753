// The plot itself, drawn by uPlot in the colours of the theme. Fetched only by pages that plot: see plot.tsx.

import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme, useMantineTheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type ReactElement, useEffect, useMemo, useRef } from "react";
import UPlot from "uplot";
import { formatClock } from "../../view/formats.ts";
import type { PlotProps } from "./plot.tsx";

const HEIGHT_PX = 170;
/** Seconds between the marks of the time axis. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];

function colour(element: HTMLElement, name: string): string {
  // Resolved through a property of its own: canvas does not know light-dark().
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export function PlotCanvas({ times, lines, unit }: PlotProps): ReactElement {
  const scheme = useComputedColorScheme("light");
  const { fontFamily } = useMantineTheme();
  const { ref, width } = useElementSize();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const data = useMemo<UPlot.AlignedData>(
    () => [[...times], ...lines.map(({ values }) => [...values])],
    [times, lines],
  );
  const latest = useRef(data);
  latest.current = data;
  const names = lines.map(({ label, tone }) => `${label}|${tone}`).join("\n");
  useEffect(() => {
    const element = box.current;
    if (element === null || width === 0 || scheme === undefined) return undefined;
    const font = `12px ${fontFamily ?? "sans-serif"}`;
    const [text, grid] = [colour(element, "--b-dim"), colour(element, "--b-line")];
    const axis = { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
    const made = new UPlot(
      {
        width,
        height: HEIGHT_PX,
        cursor: { y: false },
        legend: { show: false },
        scales: { y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 0) * 1.1 || 1] } },
        axes: [
          {
            ...axis,
            space: 90,
            incrs: TIME_STEPS,
            values: (_, ticks) => ticks.map((tick) => formatClock(tick * 1000)),
          },
          { ...axis, size: 64, values: (_, ticks) => ticks.map((tick) => `${tick} ${unit}`) },
        ],
        series: [
          {},
          ...names.split("\n").map((entry) => {
            const [label = "", tone = "busy"] = entry.split("|");
            return { label, stroke: colour(element, `--b-${tone}`), width: 2, points: { show: false } };
          }),
        ],
      },
      latest.current,
      element,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [width, scheme, fontFamily, names, unit]);
  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);
  return (
    <div ref={ref} style={{ minHeight: HEIGHT_PX }}>
      <div ref={box} />
    </div>
  );
}
