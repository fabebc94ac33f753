// The parts of a node in the order of their opening. A node that ends, also one that failed half way into its start,
// closes them in the other order and leaves nothing behind.

/** What has been opened, to be closed in the other order. */
export class Opened {
  readonly #closers: (() => Promise<void> | void)[] = [];

  add(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** Closes everything, also after a failure; the first failure is thrown at the end. */
  async close(): Promise<void> {
    let failure: unknown;
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}
