// A development aid: writes every consensus message of this node to a file, so that a recorder outside can prove that no
// key signed twice. Written without fsync: what a kill cuts off was also seen by the other end. One file for each start,
// as a kill may tear the last frame.

import { closeSync, openSync, writeSync } from "node:fs";

export type FrameTap = { record(bytes: Uint8Array): void; close(): void };

export function openFrameTap(path: string): FrameTap {
  const file = openSync(path, "a", 0o600);
  const length = Buffer.alloc(4);
  return {
    record: (bytes) => {
      length.writeUInt32LE(bytes.length);
      writeSync(file, Buffer.concat([length, bytes]));
    },
    close: () => closeSync(file),
  };
}

export const NO_TAP: FrameTap = { record: () => {}, close: () => {} };
