// Counts what happens in a process and renders it in the Prometheus text format (exposition 0.0.4). Invariants:
// * only the metrics of its table exist, with the labels and label values listed there: the number of series is
//   bounded whatever peers do, and no label can carry what it should not. A value that is not listed becomes "other";
// * counters never fall; * a number that somebody else keeps is read when it is asked for, not at every change.

import type { Metrics } from "./ports.ts";

/** One metric of a table. */
export type MetricDefinition = {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** The values of each label, all of them. */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds of a histogram, ascending; one beyond the last is added. */
  readonly buckets?: readonly number[];
};

/** Every metric of one sort of process, by its name without {@link METRIC_PREFIX}. */
export type MetricTable = Readonly<Record<string, MetricDefinition>>;

/** In place of a label value that is not listed. */
export const OTHER = "other";

/** Before every name: what an operator sees. */
export const METRIC_PREFIX = "bystack_";

type Labels = Readonly<Record<string, string>>;
type Histogram = { readonly counts: number[]; sum: number; count: number };
type Series = { readonly labels: string; value: number; histogram: Histogram | undefined };

const escapeText = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const escapeValue = (text: string): string => escapeText(text).replaceAll('"', '\\"');

/** `a="1",b="2"` in the order of the definition. */
function labelText(definition: MetricDefinition, given: Labels): string {
  return Object.entries(definition.labels ?? {})
    .map(([label, values]) => {
      const value = given[label] ?? OTHER;
      return `${label}="${escapeValue(values.includes(value) ? value : OTHER)}"`;
    })
    .join(",");
}

const braced = (...labels: readonly string[]): string => {
  const text = labels.filter((label) => label !== "").join(",");
  return text === "" ? "" : `{${text}}`;
};

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function histogramLines(name: string, { buckets = [] }: MetricDefinition, { labels, histogram }: Series): string[] {
  const { counts, sum, count } = histogram ?? { counts: [], sum: 0, count: 0 };
  let below = 0;
  const lines = buckets.map((bound, i) => {
    below += counts[i] ?? 0;
    return `${name}_bucket${braced(labels, `le="${numberText(bound)}"`)} ${below}`;
  });
  const end = `${name}_bucket${braced(labels, 'le="+Inf"')} ${count}`;
  return [...lines, end, `${name}_sum${braced(labels)} ${numberText(sum)}`, `${name}_count${braced(labels)} ${count}`];
}

export class MetricsRegistry<Name extends string = string> implements Metrics {
  readonly #table: MetricTable;
  readonly #series = new Map<string, Map<string, Series>>();
  readonly #readers: (() => Promise<void> | void)[] = [];

  constructor(table: Readonly<Record<Name, MetricDefinition>>) {
    this.#table = table;
  }

  #definitionOf(name: string): MetricDefinition {
    const definition = Object.hasOwn(this.#table, name) ? this.#table[name] : undefined;
    if (definition === undefined) throw new RangeError(`there is no metric ${name}`);
    return definition;
  }

  #seriesOf(name: string, kind: MetricDefinition["kind"], labels: Labels): Series {
    const definition = this.#definitionOf(name);
    if (definition.kind !== kind) throw new RangeError(`the metric ${name} is a ${definition.kind}`);
    const key = labelText(definition, labels);
    const ofName = this.#series.get(name) ?? new Map<string, Series>();
    this.#series.set(name, ofName);
    const known = ofName.get(key);
    if (known !== undefined) return known;
    const histogram = kind === "histogram" ? { counts: [], sum: 0, count: 0 } : undefined;
    const series = { labels: key, value: 0, histogram };
    ofName.set(key, series);
    return series;
  }

  count(name: string, by = 1, labels: Labels = {}): void {
    const series = this.#seriesOf(name, "counter", labels);
    if (by > 0) series.value += by;
  }

  gauge(name: string, value: number, labels: Labels = {}): void {
    this.#seriesOf(name, "gauge", labels).value = value;
  }

  observe(name: string, value: number, labels: Labels = {}): void {
    const { histogram } = this.#seriesOf(name, "histogram", labels);
    if (histogram === undefined || Number.isNaN(value)) return;
    const at = this.#definitionOf(name).buckets?.findIndex((bound) => value <= bound) ?? -1;
    if (at >= 0) histogram.counts[at] = (histogram.counts[at] ?? 0) + 1;
    histogram.sum += value;
    histogram.count += 1;
  }

  /** A counter that somebody else keeps: its total so far. */
  total(name: string, value: number, labels: Labels = {}): void {
    const series = this.#seriesOf(name, "counter", labels);
    series.value = Math.max(series.value, value);
  }

  /** Called before each rendering, to bring in numbers that others keep. */
  onRead(read: () => Promise<void> | void): void {
    this.#readers.push(read);
  }

  /** Counters with all their label values at 0, so that the first event of a kind is seen as a rise. */
  declare(names: readonly Name[]): void {
    for (const name of names) {
      const definition = this.#definitionOf(name);
      let sets: Labels[] = [{}];
      for (const [label, values] of Object.entries(definition.labels ?? {}))
        sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
      for (const labels of sets) this.#seriesOf(name, definition.kind, labels);
    }
  }

  async render(): Promise<string> {
    for (const read of this.#readers) await read();
    const lines: string[] = [];
    for (const [name, ofName] of [...this.#series].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const definition = this.#definitionOf(name);
      const shown = `${METRIC_PREFIX}${name}`;
      lines.push(`# HELP ${shown} ${escapeText(definition.help)}`, `# TYPE ${shown} ${definition.kind}`);
      for (const series of ofName.values()) {
        if (series.histogram !== undefined) lines.push(...histogramLines(shown, definition, series));
        else lines.push(`${shown}${braced(series.labels)} ${numberText(series.value)}`);
      }
    }
    return `${lines.join("\n")}\n`;
  }
}
