// Alerts as the daemon has them: what they look at is a platform's networks, what they send goes over real sockets, and the key of
// what is sealed lies in the platform's folder.

import { X509Certificate } from "node:crypto";
import { lookup } from "node:dns/promises";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Logger, Rng } from "@bystack/utils/ports";
import { platformPaths } from "../daemon/daemon-file.ts";
import { type Platform, TENANT } from "../daemon/platform.ts";
import { platformError } from "../errors.ts";
import { loadNetworkState } from "../network/layout.ts";
import { type Exceptions, NO_EXCEPTIONS, parseExceptions } from "../outbound/exceptions.ts";
import { createAddressJudge, createDial, createOutbound } from "../outbound.ts";
import type { PlatformStore } from "../store/store.ts";
import { whyNetwork } from "../why/service.ts";
import { Alerts, type Look } from "./alerts.ts";
import { createSeal, loadSealKey } from "./seal.ts";
import { createSend, type Send } from "./send.ts";

/** Origins inside of the host's network that may be called, by the host's owner: <home>/outbound.txt. */
const EXCEPTIONS_FILE = "outbound.txt";
const SEAL_FILE = "seal.key";

/** @throws BystackError OUTBOUND_EXCEPTIONS */
export function readExceptions(home: string): Exceptions {
  const path = join(home, EXCEPTIONS_FILE);
  return existsSync(path) ? parseExceptions(readFileSync(path, "utf8")) : NO_EXCEPTIONS;
}

/** When a certificate ends; read at each look, for it may be replaced. Undefined without one, or when it cannot be read now. */
export function certificateEndsMs(path: string | undefined): number | undefined {
  if (path === undefined) return undefined;
  try {
    return Date.parse(new X509Certificate(readFileSync(path)).validTo);
  } catch {
    return undefined;
  }
}

const after = (delayMs: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, delayMs);
  // It keeps no process alive that has nothing else to do.
  timer.unref();
  return () => clearTimeout(timer);
};

async function resolve(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** Over real sockets, to public addresses and to what the host's file lists. */
export function createRealSend(exceptions: Exceptions, nowMs: () => number): Send {
  const dial = createDial();
  return createSend({
    outbound: createOutbound({ resolve, dial, after, exceptions }),
    mail: { resolve, dial, after, judge: createAddressJudge(exceptions) },
    nowMs,
  });
}

async function lookAt(platform: Platform, network: string, nowMs: () => number): Promise<Look> {
  const layout = platform.layout(network);
  const state = loadNetworkState(layout);
  if (state === undefined) throw platformError("NETWORK_NOT_FOUND", { why: network });
  const report = await whyNetwork({ layout, state, provider: platform.provider(network), nowMs });
  return {
    report,
    status: platform.watch.latest(network),
    isStopped: (node) => platform.desiredOf(network, node) === "stopped",
  };
}

export function createAlerts(parts: {
  readonly home: string;
  readonly platform: Platform;
  readonly store: PlatformStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** The file of the platform's own certificate. */
  readonly certificate: string | undefined;
  /** Absent: over real sockets. */
  readonly send?: Send;
}): Alerts {
  const { home, platform, store, clock, rng, logger, certificate } = parts;
  const nowMs = (): number => clock.nowMs();
  return new Alerts({
    store,
    tenant: TENANT,
    clock,
    rng,
    logger,
    networks: () => platform.rows(),
    look: (network) => lookAt(platform, network, nowMs),
    certificateEndsMs: () => certificateEndsMs(certificate),
    seal: createSeal(loadSealKey(join(platformPaths(home).root, SEAL_FILE), rng), rng),
    send: parts.send ?? createRealSend(readExceptions(home), nowMs),
    after,
  });
}
