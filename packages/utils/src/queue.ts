// A first-in first-out queue with a limit that has a name. Full is a verdict, never silent growth.

export class BoundedQueue<T> {
  readonly name: string;
  readonly capacity: number;
  #items: (T | undefined)[] = [];
  #head = 0;

  constructor(options: { name: string; capacity: number }) {
    this.name = options.name;
    this.capacity = options.capacity;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** False when the queue is full; the item is then not stored. */
  push(item: T): boolean {
    if (this.length >= this.capacity) return false;
    this.#items.push(item);
    return true;
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    // Compact once the dead half outweighs the living one: amortised O(1), and memory follows the length.
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
