// The event queue: a binary heap ordered by (time, sequence), so that equal times keep the order of scheduling.

type Item<T> = { readonly timeMs: number; readonly sequence: number; readonly value: T };

function isBefore<T>(a: Item<T>, b: Item<T>): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence);
}

export class EventQueue<T> {
  #items: Item<T>[] = [];
  #sequence = 0;

  get length(): number {
    return this.#items.length;
  }

  push(timeMs: number, value: T): void {
    const item = { timeMs, sequence: this.#sequence, value };
    this.#sequence += 1;
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = items[above];
      if (parent === undefined || !isBefore(item, parent)) break;
      items[at] = parent;
      at = above;
    }
    items[at] = item;
  }

  pop(): { readonly timeMs: number; readonly value: T } | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let lesser = items[child];
      if (lesser === undefined) break;
      const right = items[child + 1];
      if (right !== undefined && isBefore(right, lesser)) {
        child += 1;
        lesser = right;
      }
      if (!isBefore(lesser, last)) break;
      items[at] = lesser;
      at = child;
    }
    items[at] = last;
    return first;
  }
}
