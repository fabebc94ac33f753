// A side node that cannot start says why and leaves nothing behind: its folder is free for the next start.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { publicKeyProgram } from "@bystack/protocol/program";
import { nullLogger } from "@bystack/utils/ports";
import { openNodeKeys } from "../../src/process/keys.ts";
import { startSideNode } from "../../src/side/side-node.ts";
import { Committee } from "./kit.ts";

const committee = new Committee({ count: 4, program: publicKeyProgram(new Uint8Array(32)), coins: 1 });
const [seat] = committee.seats;
let taken: Server;
let port = 0;

before(async () => {
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const address = taken.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});

after(() => {
  taken.close();
  committee.remove();
});

function start(ports: { http?: number; mesh?: number }) {
  if (seat === undefined) throw new Error("the committee has no seat");
  const options = committee.options(seat);
  return startSideNode({
    folder: seat.folder,
    options: {
      ...options,
      http: { ...options.http, port: ports.http ?? 0 },
      mesh: { ...options.mesh, port: ports.mesh ?? 0 },
    },
    keys: openNodeKeys(seat.folder),
    version: "test",
    logger: nullLogger,
    onStopAsked: () => {},
  });
}

test("a taken port is named, and everything that was opened before is closed again", async () => {
  await assert.rejects(start({ http: port }), { code: "PORT_IN_USE", why: `port ${port}` });
  await assert.rejects(start({ mesh: port }), { code: "LISTEN_FAILED" });
  // The folder has a lock and the store one of its own: both would refuse this start.
  const node = await start({});
  await node.stop();
});
