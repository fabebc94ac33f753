// Measures the mesh between two processes on loopback: node packages/network/bench/mesh.ts
// One sends for a few seconds at each message size, as fast as the lane takes; the other counts and reports.

import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createIdentity } from "@bystack/network/identity";
import type { Protocol } from "@bystack/network/lanes";
import { createMesh, type Mesh, type MeshHandlers } from "@bystack/network/mesh";

const SECONDS = 3;
const SIZES = [200, 1024, 65_536, 1_048_576];
const DATA = 16;
const END = 17;
const PROTOCOL: Protocol = {
  lanes: [{ name: "bulk", queueBytesMax: 8 << 20, queueMessagesMax: 20_000, whenFull: "drop-newest" }],
  messages: [
    { type: DATA, name: "data", lane: "bulk", bodyBytesMax: 1 << 20 },
    { type: END, name: "end", lane: "bulk", bodyBytesMax: 1 },
  ],
  methods: [{ method: 1, name: "echo", lane: "bulk", requestBytesMax: 1000, responseBytesMax: 1000 }],
};
const identityOf = (number: number) => createIdentity(new Uint8Array(32).fill(number));

function makeMesh(number: number, peer: { port?: number }, handlers: MeshHandlers): Mesh {
  const other = identityOf(3 - number).id;
  return createMesh({
    identity: identityOf(number),
    ...(peer.port === undefined ? { listen: { port: 0 } } : {}),
    peers: [peer.port === undefined ? { id: other } : { id: other, host: "127.0.0.1", port: peer.port }],
    handshake: { protocolVersion: 1, networkHash: new Uint8Array(32), agent: "bench/1" },
    protocol: PROTOCOL,
    handlers,
    rng: { bytes: (length) => randomBytes(length) },
  });
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function receive(): Promise<void> {
  let bytes = 0;
  let messages = 0;
  let from = 0;
  let cpuFrom = 0;
  const mesh = makeMesh(
    2,
    {},
    {
      onRequest: async ({ body }) => body,
      onMessage: ({ type, body }) => {
        if (messages === 0) {
          from = performance.now();
          cpuFrom = cpuMs();
        }
        bytes += body.length;
        messages += 1;
        if (type !== END) return;
        process.send?.({ bytes, messages, seconds: (performance.now() - from) / 1000, cpuMs: cpuMs() - cpuFrom });
        bytes = 0;
        messages = 0;
      },
    },
  );
  const address = await mesh.start();
  process.send?.({ port: address?.port });
}

/** Fills the lane, yields to the socket, and so on until the time is over. */
async function flood(mesh: Mesh, to: string, bytes: number): Promise<void> {
  const body = randomBytes(bytes);
  const until = performance.now() + SECONDS * 1000;
  while (performance.now() < until) {
    for (let i = 0; i < 500 && mesh.send(to, DATA, body) === "queued"; i += 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (mesh.send(to, END, Uint8Array.of(0)) !== "queued") await new Promise((resolve) => setImmediate(resolve));
}

async function send(): Promise<void> {
  const child = fork(import.meta.filename, ["receive"]);
  const inbox: Record<string, number>[] = [];
  let wake = (): void => {};
  child.on("message", (message) => {
    inbox.push(message as Record<string, number>);
    wake();
  });
  const next = async (): Promise<Record<string, number>> => {
    for (;;) {
      const message = inbox.shift();
      if (message !== undefined) return message;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const { port = 0 } = await next();
  const to = identityOf(2).id;
  const connected = Promise.withResolvers<void>();
  const mesh = makeMesh(1, { port }, { onConnected: () => connected.resolve() });
  await mesh.start();
  await connected.promise;
  for (const size of SIZES) {
    const cpuFrom = cpuMs();
    await flood(mesh, to, size);
    const { bytes = 0, messages = 0, seconds = 1, cpuMs: theirs = 0 } = await next();
    const megabytes = bytes / 1e6;
    const cost = `${((cpuMs() - cpuFrom) / megabytes).toFixed(2)} / ${(theirs / megabytes).toFixed(2)} ms of CPU a MB (sender / receiver)`;
    console.log(
      `${String(size).padStart(8)} B  ${(megabytes / seconds).toFixed(0).padStart(5)} MB/s  ${(messages / seconds / 1000).toFixed(1).padStart(6)} k messages/s  ${cost}`,
    );
  }
  const times: number[] = [];
  for (let i = 0; i < 3000; i += 1) {
    const from = performance.now();
    await mesh.request(to, { method: 1, body: Uint8Array.of(1) });
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  console.log(`question and answer: median ${times[1500]?.toFixed(3)} ms, p99 ${times[2970]?.toFixed(3)} ms`);
  await mesh.stop();
  child.disconnect();
  child.kill();
}

await (process.argv[2] === "receive" ? receive() : send());
