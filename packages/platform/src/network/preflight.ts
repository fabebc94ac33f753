// What is checked before anything starts: disk, memory, clock, and whether kept ports are still free. Each finding has a
// cause and a remedy.

import { mkdirSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { freemem } from "node:os";
import { platformError } from "../errors.ts";

const MIB = 1 << 20;
/** What one node needs at least to start; measured: about 110 MiB resident. */
const NODE_MEMORY_MIB = 120;
/** A clock before this release was written is wrong, and so are all the timestamps it would give. */
const RELEASED_AT_MS = Date.UTC(2026, 10, 1);

export function checkDisk(folder: string, freeMiBMin: number): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = statfsSync(folder);
  const freeMiB = Math.floor((bavail * bsize) / MIB);
  if (freeMiB < freeMiBMin)
    throw platformError("PROVIDER_DISK_LOW", { why: `${freeMiB} MiB free, ${freeMiBMin} needed` });
}

export function checkMemory(nodes: number): void {
  const freeMiB = Math.floor(freemem() / MIB);
  if (freeMiB < nodes * NODE_MEMORY_MIB)
    throw platformError("PROVIDER_MEMORY_LOW", {
      why: `${freeMiB} MiB free, ${nodes * NODE_MEMORY_MIB} needed for ${nodes} nodes`,
    });
}

export function checkClock(nowMs: number): void {
  if (nowMs < RELEASED_AT_MS) throw platformError("CLOCK_WRONG", { why: `it says ${new Date(nowMs).toISOString()}` });
}

/** Opens a port for a moment; 0 lets the system choose one. @returns the port */
async function probePort(host: string, port: number): Promise<{ port: number; release: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  const address = server.address();
  const taken = typeof address === "object" && address !== null ? address.port : port;
  return { port: taken, release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Free loopback ports, all different: held open together, then released. */
export async function chooseFreePorts(count: number, host = "127.0.0.1"): Promise<number[]> {
  const probes = await Promise.all(Array.from({ length: count }, () => probePort(host, 0)));
  await Promise.all(probes.map((probe) => probe.release()));
  return probes.map((probe) => probe.port);
}

/** Ports a stopped node will want again. */
export async function checkPortsFree(
  ports: readonly { node: string; port: number }[],
  host = "127.0.0.1",
): Promise<void> {
  for (const { node, port } of ports) {
    try {
      await (await probePort(host, port)).release();
    } catch {
      throw platformError("PROVIDER_PORT_IN_USE", { why: `port ${port}, kept for ${node}` });
    }
  }
}
