// Which exit code an error ends the process with (platform.md section 3).

import assert from "node:assert/strict";
import { test } from "node:test";
import { mainChainError } from "@bystack/chain/main/errors";
import { storageError } from "@bystack/storage/errors";
import { exitCodeOf, nodeError } from "../../src/errors.ts";

function systemError(code: string): Error {
  return Object.assign(new Error("the system's words"), { code });
}

test("the exit code is that of the error, or of the nearest reason behind it", () => {
  const cases: [unknown, number][] = [
    [storageError("DISK_FULL"), 68],
    [storageError("FSYNC_FAILED"), 68],
    [storageError("FOLDER_IN_USE"), 66],
    [nodeError("PORT_IN_USE"), 73],
    [mainChainError("CHAIN_STOPPED", { cause: storageError("DISK_IO") }), 68],
    [mainChainError("CHAIN_STOPPED", { cause: new Error("outer", { cause: systemError("ENOSPC") }) }), 68],
    [storageError("STORE_CLOSED"), 75],
    [systemError("ENOSPC"), 68],
    [systemError("EIO"), 68],
    [systemError("EADDRINUSE"), 73],
    [systemError("ECONNRESET"), 75],
    [new Error("invariant broken: something"), 70],
    [new Error("anything else"), 75],
    ["no error at all", 75],
    [undefined, 75],
  ];
  for (const [error, code] of cases) assert.equal(exitCodeOf(error), code, String(error));
});

test("an error that is its own cause ends the search", () => {
  const error = new Error("circular");
  error.cause = error;
  assert.equal(exitCodeOf(error), 75);
});
