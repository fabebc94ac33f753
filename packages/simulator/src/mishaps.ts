// What happens to the nodes of a schedule by its plan: they die and come back, lose their records, go down for good, and
// at last everything heals.

import type { SimNode } from "./node.ts";
import type { Relapse } from "./node-plan.ts";
import type { Plan } from "./plan.ts";
import type { SimRng } from "./rng.ts";

/** A node armed to die at a point of its way is given this long to come to it, in ms; for some it takes an epoch. */
const ARMED_MS = 600;
const ARMED_RARE_MS = 2500;

export type MishapsWorld = {
  at(delayMs: number, run: () => void): void;
  nowMs(): number;
  isHealed(): boolean;
  crash(node: SimNode): void;
  restarted(node: SimNode): void;
  note(text: string): void;
};

export class Mishaps {
  readonly #plan: Plan;
  readonly #rng: SimRng;
  readonly #world: MishapsWorld;
  readonly #nodes: readonly (readonly SimNode[])[];

  constructor(input: { plan: Plan; rng: SimRng; world: MishapsWorld; nodes: readonly (readonly SimNode[])[] }) {
    this.#plan = input.plan;
    this.#rng = input.rng;
    this.#world = input.world;
    this.#nodes = input.nodes;
  }

  isDead(node: SimNode): boolean {
    const { dead } = this.#plan;
    return dead !== undefined && dead.node === node.place && this.#world.nowMs() >= dead.atMs;
  }

  restart(node: SimNode): void {
    if (node.isUp || this.isDead(node)) return;
    this.#world.restarted(node);
    node.start();
  }

  schedule(): void {
    this.#scheduleCrashes();
    const { relapse, dead } = this.#plan;
    const fallen = relapse === undefined ? undefined : this.#nodes[relapse.node]?.[0];
    if (relapse !== undefined && fallen !== undefined) this.#scheduleRelapse(relapse, fallen);
    if (dead !== undefined) {
      this.#world.at(dead.atMs, () => {
        for (const node of this.#nodes[dead.node] ?? []) this.#world.crash(node);
      });
    }
  }

  #scheduleCrashes(): void {
    for (const crash of this.#plan.crashes) {
      const node = this.#nodes[crash.node]?.[0];
      if (node === undefined) continue;
      this.#world.at(crash.atMs, () => {
        if (this.#world.isHealed() || !node.isUp) return;
        if (crash.point === "time") this.#world.crash(node);
        else node.armed = crash.point;
        const isRare = crash.point === "replace" || crash.point === "epoch";
        const armedMs = isRare ? ARMED_RARE_MS : ARMED_MS;
        // An armed node dies when it comes to its point; it is down by then or has been spared.
        this.#world.at(crash.downMs + (crash.point === "time" ? 0 : armedMs), () => {
          node.armed = undefined;
          this.restart(node);
        });
      });
    }
  }

  #scheduleRelapse(relapse: Relapse, node: SimNode): void {
    node.disk.keepsCopies = true;
    this.#world.at(relapse.atMs, () => {
      this.#world.crash(node);
      let height = 0;
      if (relapse.kind === "missing") node.disk.lose();
      else if (relapse.kind === "flipped") node.disk.flip(this.#rng);
      else height = node.disk.restoreCopy(this.#rng.unit() ** 2);
      if (relapse.withStore) node.store.rollBack(height);
      this.#world.note(`n${node.place} RECORD ${relapse.kind}${relapse.withStore ? `, store at h${height}` : ""}`);
      this.#world.at(relapse.downMs, () => this.restart(node));
      if (relapse.againMs === undefined) return;
      this.#world.at(relapse.downMs + relapse.againMs, () => {
        this.#world.crash(node);
        this.#world.at(relapse.downMs, () => this.restart(node));
      });
    });
  }
}
