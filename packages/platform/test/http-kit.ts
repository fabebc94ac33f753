// A platform over nodes without chains, served over a real socket as the daemon serves it, and short ways to call it as somebody.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ApiClient, createClient } from "@bystack/api/client";
import { PLATFORM_ROUTES } from "@bystack/api/platform-routes";
import { type ApiServer, createApiServer } from "@bystack/api/server";
import { loadSite } from "@bystack/api/site";
import type { Alerts } from "@bystack/platform/alert";
import { createAlerts } from "@bystack/platform/alert/world";
import { platformDoor } from "@bystack/platform/daemon/door";
import { createPlatformHandlers } from "@bystack/platform/daemon/handlers";
import { Once } from "@bystack/platform/daemon/once";
import { type Platform, TENANT } from "@bystack/platform/daemon/platform";
import { createPlatformMetrics } from "@bystack/platform/metrics";
import { createPeople, type People } from "@bystack/platform/people";
import { SESSION_HEADER } from "@bystack/platform/people/access";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import { platformError } from "../src/errors.ts";
import { AUDIT } from "../src/store/tables.ts";
import { Machine } from "./machine.ts";

export const LOCAL_TOKEN = "f0".repeat(32);

export type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers };
export type Session = { cookie: string; header: string };

export class Served {
  readonly machine = new Machine();
  readonly logger = createMemoryLogger();
  isStopAsked = false;
  #platform: Platform | undefined;
  #server: ApiServer | undefined;
  #people: People | undefined;
  #alerts: Alerts | undefined;
  /** What channels were given, instead of the world outside. */
  readonly sent: string[] = [];
  /** Each look is a fifth of a second later: no limit is in the way of a test that does not ask for it. */
  #ticks = 0;
  secondsPerTick = 0.2;

  get platform(): Platform {
    return this.#platform ?? fail();
  }
  get server(): ApiServer {
    return this.#server ?? fail();
  }
  get alerts(): Alerts {
    return this.#alerts ?? fail();
  }
  get people(): People {
    return this.#people ?? fail();
  }

  async start(): Promise<this> {
    const { machine, logger } = this;
    this.#platform = await machine.platform();
    const store = machine.store ?? fail();
    const nowMs = machine.clock.nowMs;
    const monotonicMs = (): number => {
      this.#ticks += this.secondsPerTick * 1000;
      return this.#ticks;
    };
    const clock = { nowMs, monotonicMs };
    this.#people = createPeople({
      store,
      clock,
      rng: createSeededRng(7),
      logger,
      isTenant: (tenant) => tenant === TENANT,
      tenant: TENANT,
      isDev: true,
      deriveKey: async (password, salt) => createHash("sha3-256").update(password).update(salt).digest(),
      passkeys: undefined,
    });
    this.#alerts = createAlerts({
      home: machine.home,
      platform: this.#platform,
      store,
      clock,
      rng: createSeededRng(8),
      logger,
      certificate: undefined,
      send: async ({ name }, { title }) => {
        if (name === "broken") throw platformError("CHANNEL_FAILED", { why: "hook.test answered 500" });
        this.sent.push(`${name}: ${title}`);
      },
    });
    const site = join(machine.home, "site");
    mkdirSync(join(site, "assets"), { recursive: true });
    writeFileSync(join(site, "index.html"), "<!doctype html><title>console</title>");
    writeFileSync(join(site, "assets", "app-AbCd1234.js"), "export {};\n".repeat(100));
    const once = new Once({ store, clock });
    const metrics = createPlatformMetrics({ platform: this.#platform, store, alerts: this.#alerts });
    this.#server = await createApiServer({
      metrics: metrics.render,
      onAnswered: metrics.answered,
      title: "platform",
      version: "0",
      routes: PLATFORM_ROUTES,
      handlers: createPlatformHandlers({
        platform: this.#platform,
        store,
        people: this.#people,
        alerts: this.#alerts,
        isDev: true,
        isTls: false,
        version: "0",
        now: nowMs,
        onStopAsked: () => {
          this.isStopAsked = true;
        },
      }),
      host: "127.0.0.1",
      port: 0,
      hostsAllowed: [],
      door: platformDoor({
        access: this.#people.access,
        tenant: TENANT,
        token: LOCAL_TOKEN,
        nowMs,
        isPublic: (network) => this.platform.isPublic(network),
      }),
      once: (call, run) => once.answer(call, run),
      logger,
      site: loadSite(site),
    });
    return this;
  }

  /** Time goes on, by both clocks. */
  pass(ms: number): void {
    this.machine.pass(ms);
    this.#ticks += ms;
  }

  async end(): Promise<void> {
    await this.#server?.close();
    await this.#alerts?.end();
    await this.#platform?.end();
    await this.machine.end();
  }

  /** The command line of the same machine. */
  local(): ApiClient<typeof PLATFORM_ROUTES> {
    return createClient({ baseUrl: this.server.url, routes: PLATFORM_ROUTES, token: LOCAL_TOKEN });
  }

  async call(
    method: string,
    path: string,
    options: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> {
    const { body, headers = {} } = options;
    const response = await fetch(`${this.server.url}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed: unknown = /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : { text };
    return { status: response.status, body: parsed as Record<string, unknown>, headers: response.headers };
  }

  as(session: Session): Record<string, string> {
    return { cookie: session.cookie, [SESSION_HEADER]: session.header };
  }

  /** Signs the owner in by a link of the machine's own, going without a password. */
  async owner(login = "ann"): Promise<Session> {
    const { link } = await this.local().call("openConsole", { body: { login } });
    const signedIn = await this.call("POST", "/v1/session/link", { body: { link } });
    const session = sessionOf(signedIn);
    await this.call("POST", "/v1/me/postpone", { headers: this.as(session), body: {} });
    return session;
  }
}

function fail(): never {
  throw new Error("not started");
}

export function sessionOf({ body, headers }: Answer): Session {
  return { cookie: (headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "", header: String(body.header) };
}

export async function rowsOf(served: Served) {
  const store = served.machine.store ?? fail();
  return (await store.tenant(TENANT).list(AUDIT)).map(({ value }) => value);
}
