// `bystack node init <folder>`: makes the keys of a node on the node's side.

import { initNode } from "@bystack/node/keys";

/** Prints the public keys as one line of JSON; secrets stay in the folder. */
export function runNodeInit(folder: string): void {
  process.stdout.write(`${JSON.stringify(initNode(folder))}\n`);
}
