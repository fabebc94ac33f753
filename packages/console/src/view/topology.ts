// Where the boxes of the topology stand: the main chain, and the side chains that are bound to it. Pure, for a given width, so
// that nothing has to be shrunk to fit. With many nodes a chain's box shows dots, and above 200 the numbers alone.

import { formatCount } from "./formats.ts";
import { type ChainState, chainStatus, nodeStatus, type Status, sideStatus } from "./status.ts";

/** Nodes that are drawn one by one at all (platform.md section 6). */
export const DRAWN_NODES_MAX = 200;
/** Nodes that are drawn with their names. */
const NAMED_NODES = 24;

type NodeLike = {
  readonly id: string;
  readonly chain: string;
  readonly phase: "absent" | "created" | "running" | "stopped";
  readonly ready: boolean;
  readonly hasSeat: boolean | null;
  readonly voting: boolean | null;
};
export type TopologyInput = {
  readonly running: boolean;
  readonly main: { readonly chain: string; readonly height: number | null; readonly state: ChainState };
  readonly sides: readonly {
    readonly chain: string;
    readonly height: number | null;
    readonly state: ChainState;
    readonly voting: number;
    readonly validators: number;
    readonly quorum: number;
    readonly federation: { readonly paused: readonly string[] } | null;
  }[];
  readonly nodes: readonly NodeLike[];
};

export type Detail = "named" | "dots" | "numbers";
export type TopologyBox = {
  readonly chain: string;
  readonly kind: "main" | "side";
  readonly status: Status;
  /** `height 4 711`, `final 18 342`. */
  readonly heightText: string;
  readonly votesText: string;
  readonly cells: readonly { readonly id: string; readonly status: Status }[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
export type TopologyEdge = {
  readonly from: string;
  readonly to: string;
  /** Blocks of both ends move, and the peg between them is open. */
  readonly isMoving: boolean;
  readonly hasPeg: boolean;
};
export type Topology = {
  readonly detail: Detail;
  readonly isUpright: boolean;
  readonly boxes: readonly TopologyBox[];
  readonly edges: readonly TopologyEdge[];
  readonly height: number;
};

/** Sizes in pixels; the style sheet of the drawing has the same. */
const BOX = { width: 226, head: 62, pad: 12, gapX: 28, gapY: 20 };
const NAMED = { columns: 2, height: 30 };
const DOTS = { columns: 10, height: 20 };
/** Between the main chain and the first column. */
const TRUNK_PX = 90;
/** From this width on the main chain stands at the left, else above. */
const WIDE_PX = 640;

function detailOf(nodes: number): Detail {
  if (nodes > DRAWN_NODES_MAX) return "numbers";
  return nodes > NAMED_NODES ? "dots" : "named";
}

function heightOf(detail: Detail, cells: number): number {
  if (detail === "numbers" || cells === 0) return BOX.head + 4;
  const { columns, height } = detail === "named" ? NAMED : DOTS;
  return BOX.head + BOX.pad + Math.ceil(cells / columns) * height;
}

/** @param widthPx of the canvas */
export function topologyOf(input: TopologyInput, widthPx: number): Topology {
  const { main, sides, nodes, running } = input;
  const detail = detailOf(nodes.length);
  const cellsOf = (chain: string): TopologyBox["cells"] =>
    nodes.filter((node) => node.chain === chain).map((node) => ({ id: node.id, status: nodeStatus(node, running) }));
  const isUpright = widthPx < WIDE_PX;
  const left = isUpright ? 0 : BOX.width + TRUNK_PX;
  const columns = Math.max(1, Math.floor((widthPx - left + BOX.gapX) / (BOX.width + BOX.gapX)));
  const mainCells = cellsOf(main.chain);
  const mainHeight = heightOf(detail, mainCells.length);
  const boxes: TopologyBox[] = [];
  let y = isUpright ? mainHeight + 2 * BOX.gapY : 0;
  for (let row = 0; row * columns < sides.length; row += 1) {
    let rowHeight = 0;
    sides.slice(row * columns, (row + 1) * columns).forEach((side, column) => {
      const cells = cellsOf(side.chain);
      const height = heightOf(detail, cells.length);
      rowHeight = Math.max(rowHeight, height);
      boxes.push({
        chain: side.chain,
        kind: "side",
        status: sideStatus(side),
        heightText: `final ${formatCount(side.height)}`,
        votesText: `${side.voting} of ${side.validators} vote`,
        cells,
        x: left + column * (BOX.width + BOX.gapX),
        y,
        width: BOX.width,
        height,
      });
    });
    y += rowHeight + BOX.gapY;
  }
  const height = Math.max(y - BOX.gapY, mainHeight);
  boxes.unshift({
    chain: main.chain,
    kind: "main",
    status: chainStatus(main.state),
    heightText: `height ${formatCount(main.height)}`,
    votesText: "proof of work",
    cells: mainCells,
    x: 0,
    y: isUpright ? 0 : Math.max(0, Math.round((height - mainHeight) / 2)),
    width: BOX.width,
    height: mainHeight,
  });
  const moves = (state: ChainState): boolean => state === "running" || state === "degraded";
  const edges = sides.map(({ chain, state, federation }) => ({
    from: main.chain,
    to: chain,
    isMoving: moves(main.state) && moves(state) && federation?.paused.length === 0,
    hasPeg: federation !== null,
  }));
  return { detail, isUpright, boxes, edges, height };
}
