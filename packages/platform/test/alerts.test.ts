// Alerts over a store: looks become rows, events and messages in one change; channels get each message once, also when the platform
// ends at any moment and begins again; silences, rules, limits; and no secret of a channel is written anywhere in clear.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { ChannelDraft } from "@bystack/api/alert-schema";
import type { WhyReport } from "@bystack/api/why-schema";
import { PlatformStore } from "@bystack/platform/store";
import { createMemoryStore } from "@bystack/storage/memory";
import { createFakeClock } from "@bystack/testing/clock";
import { createMemoryLogger } from "@bystack/testing/logger";
import { createSeededRng } from "@bystack/testing/rng";
import { BystackError } from "@bystack/utils/errors";
import { Alerts } from "../src/alert/alerts.ts";
import type { Message } from "../src/alert/message.ts";
import { DELIVERIES_WAITING_MAX, MESSAGES_KEPT_MAX, RETRY_MS } from "../src/alert/outbox.ts";
import { createSeal, loadSealKey } from "../src/alert/seal.ts";
import { ALERTS, CHANNELS_MAX, MESSAGES, SILENCES_MAX } from "../src/alert/tables.ts";
import { platformError } from "../src/errors.ts";
import { EVENTS } from "../src/store/tables.ts";

const TENANT = "home";
const LOOK_MS = 5_000;
const CANARY = "CANARYsecretOfThisChannel";
const HOOK: ChannelDraft = {
  kind: "webhook",
  name: "ops",
  network: "*",
  url: `https://hook.test/${CANARY}`,
  secret: `${CANARY}-hmac`,
};
const MAIL: ChannelDraft = {
  kind: "email",
  name: "mail",
  network: "dev",
  host: "mail.test",
  port: 587,
  security: "starttls",
  user: "ops",
  password: `${CANARY}-password`,
  from: "bystack@mail.test",
  to: ["ann@mail.test", "bob@mail.test"],
};
const HALTED = {
  id: "quorum-lost",
  subject: "demo",
  severity: "critical",
  sinceMs: null,
  sentence: "demo has stopped: 2 of 4 validators vote",
  evidence: [],
  commands: ["bystack node start demo-1"],
  causes: [],
} as const;

/** A platform's alerts that can be killed and begun again, and a world that answers as a test says. */
class World {
  readonly clock = createFakeClock();
  readonly logger = createMemoryLogger();
  readonly rng = createSeededRng(3);
  readonly kv = createMemoryStore();
  readonly seal = createSeal(new Uint8Array(32).fill(7), this.rng);
  halted: string[] = [];
  networks: { name: string; desired: "running" | "stopped" }[] = [{ name: "dev", desired: "running" }];
  looks = 0;
  isBlind = false;
  certificateEndsMs: number | undefined;
  readonly sent: { channel: string; message: Message }[] = [];
  /** What the next attempts end with; without one they arrive. */
  failures: (Error | "hang")[] = [];
  #alerts: Alerts | undefined;
  #store: PlatformStore | undefined;

  get alerts(): Alerts {
    return this.#alerts ?? assert.fail("not begun");
  }
  get store(): PlatformStore {
    return this.#store ?? assert.fail("not begun");
  }

  report(): WhyReport {
    const findings = this.halted.map((subject) => ({ ...HALTED, subject, evidence: [], commands: [], causes: [] }));
    const base = { network: "dev", subject: null, atMs: 1, collectMs: 1, standing: null };
    return { ...base, healthy: findings.length === 0, halted: [...this.halted], findings };
  }

  async begin(): Promise<this> {
    const store = await PlatformStore.open(this.kv, this.clock);
    this.#store = store;
    this.#alerts = new Alerts({
      store,
      tenant: TENANT,
      clock: this.clock,
      rng: this.rng,
      logger: this.logger,
      networks: async () => this.networks,
      look: async () => {
        this.looks += 1;
        if (this.isBlind) throw new Error("nobody answers");
        return { report: this.report(), status: undefined, isStopped: () => false };
      },
      certificateEndsMs: () => this.certificateEndsMs,
      seal: this.seal,
      send: async ({ name }, message) => {
        const failure = this.failures.shift();
        if (failure === "hang") return new Promise(() => {});
        if (failure !== undefined) throw failure;
        this.sent.push({ channel: name, message });
      },
      after: this.clock.after,
    });
    await this.#alerts.start();
    return this;
  }

  /** A look, as if its time had come. */
  async look(times = 1): Promise<void> {
    for (let i = 0; i < times; i += 1) {
      this.elapsed(LOOK_MS);
      await this.alerts.look();
      await this.alerts.outbox.settled();
    }
  }

  /** Time passes; what the service itself plans runs too. */
  elapsed(ms: number): void {
    this.clock.advance(ms);
  }

  titles(): string[] {
    return this.sent.map(({ channel, message }) => `${channel}: ${message.title}`);
  }
}

const codeOf = (code: string) => (error: unknown) => error instanceof BystackError && error.code === code;
const world = () => new World().begin();

describe("from a look to a message", () => {
  test("a halt is told once to each channel of its network, and so is its end", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    await it.alerts.channels.add(MAIL);
    await it.alerts.channels.add({ ...HOOK, name: "of another", network: "other" });
    it.halted = ["demo"];
    await it.look(20);
    assert.deepEqual(it.titles(), [`ops: ${HALTED.sentence}`, `mail: ${HALTED.sentence}`]);
    it.halted = [];
    await it.look(20);
    assert.deepEqual(it.titles().slice(2), [`ops: Over: ${HALTED.sentence}`, `mail: Over: ${HALTED.sentence}`]);
    const events = (await it.store.tenant(TENANT).list(EVENTS)).filter(({ value }) => value.topic === "alert");
    assert.deepEqual(
      events.map(({ value }) => [value.subject, value.data.state]),
      [
        ["halted.demo", "active"],
        ["halted.demo", "resolved"],
      ],
    );
    await it.alerts.end();
  });

  test("a look that fails concludes nothing: neither a halt nor its end", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    it.halted = ["demo"];
    await it.look(4);
    it.halted = [];
    it.isBlind = true;
    await it.look(50);
    assert.equal(it.sent.length, 1);
    assert.equal((await it.alerts.list("dev")).items[0]?.state, "active");
    it.isBlind = false;
    await it.look(1);
    assert.equal(it.sent.length, 1, "the time of blindness was no quiet");
    await it.alerts.end();
  });

  test("a network that shall not run is not asked, what was wrong with it ends, and one that is gone leaves no row", async () => {
    const it = await world();
    it.halted = ["demo"];
    await it.look(4);
    const looks = it.looks;
    it.networks = [{ name: "dev", desired: "stopped" }];
    await it.look(5);
    assert.equal(it.looks, looks);
    assert.equal((await it.alerts.list("dev")).items[0]?.state, "resolved");
    it.networks = [];
    await it.look(1);
    assert.deepEqual(await it.store.tenant(TENANT).list(ALERTS), []);
    await it.alerts.end();
  });

  test("a certificate that ends is told although no network has anything wrong", async () => {
    const it = await world();
    await it.alerts.channels.add({ ...HOOK, network: "dev" });
    it.certificateEndsMs = it.clock.nowMs() + 5 * 86_400_000;
    await it.look(3);
    assert.match(it.titles().join(), /^ops: The platform's TLS certificate ends in 5 days/);
    assert.equal((await it.alerts.list("dev")).items[0]?.id, "tls-expiry.platform");
    await it.alerts.end();
  });
});

describe("a restart", () => {
  test("after any look tells nothing twice and forgets nothing", async () => {
    for (let at = 0; at < 12; at += 1) {
      const it = await world();
      await it.alerts.channels.add(HOOK);
      for (let i = 0; i < 12; i += 1) {
        it.halted = i < 7 ? ["demo"] : [];
        await it.look();
        if (i === at) {
          await it.alerts.end();
          await it.begin();
        }
      }
      await it.look(6);
      const expected = [`ops: ${HALTED.sentence}`, `ops: Over: ${HALTED.sentence}`];
      assert.deepEqual(it.titles(), expected, `restarted after look ${at}`);
      await it.alerts.end();
    }
  });

  test("while a message is on its way: it is not sent again, and the log says that nobody knows", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    it.failures = ["hang"];
    it.halted = ["demo"];
    for (let i = 0; i < 4; i += 1) {
      it.elapsed(LOOK_MS);
      await it.alerts.look();
    }
    // Killed: the old one never hears of the answer.
    const before = it.alerts;
    await it.begin();
    await it.look(20);
    assert.deepEqual(it.sent, []);
    assert.deepEqual(
      it.alerts.outbox.log.map(({ deliveries }) => deliveries.map(({ state }) => state)),
      [["unknown"]],
    );
    assert.notEqual(it.alerts, before);
    await it.alerts.end();
  });

  test("with a message that waits: it is sent then", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    it.failures = [platformError("CHANNEL_FAILED", { why: "hook.test answered 503" })];
    it.halted = ["demo"];
    await it.look(4);
    assert.deepEqual(it.alerts.outbox.log[0]?.deliveries[0]?.state, "sent", "five seconds later it was tried again");
    it.failures = Array.from({ length: 1 }, () => platformError("CHANNEL_FAILED", { why: "hook.test answered 503" }));
    it.halted = [];
    for (let i = 0; i < 3; i += 1) {
      it.elapsed(LOOK_MS);
      await it.alerts.look();
    }
    await it.alerts.outbox.settled();
    const waiting = it.alerts.outbox.log[0]?.deliveries[0];
    assert.deepEqual([waiting?.state, waiting?.attempts], ["waiting", 1]);
    assert.match(waiting?.why ?? "", /hook\.test answered 503/);
    await it.alerts.end();
    await it.begin();
    await it.alerts.outbox.settled();
    assert.equal(it.titles().at(-1), `ops: Over: ${HALTED.sentence}`);
    await it.alerts.end();
  });
});

describe("deliveries", () => {
  const failure = () => platformError("CHANNEL_FAILED", { why: "hook.test answered 500" });

  test("are tried again later each time, then given up; another channel does not wait", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    it.halted = ["demo"];
    it.failures = Array.from({ length: 100 }, failure);
    await it.look(3);
    for (const retryMs of RETRY_MS) {
      const attempts = it.alerts.outbox.log[0]?.deliveries[0]?.attempts ?? 0;
      it.elapsed(retryMs - LOOK_MS);
      await it.alerts.outbox.settled();
      assert.ok((it.alerts.outbox.log[0]?.deliveries[0]?.attempts ?? 0) - attempts <= 1);
      it.elapsed(LOOK_MS);
      await it.alerts.outbox.settled();
    }
    const [delivery] = it.alerts.outbox.log[0]?.deliveries ?? [];
    assert.deepEqual([delivery?.state, delivery?.attempts], ["failed", RETRY_MS.length + 1]);
    await it.alerts.end();
  });

  test("that wait and that are kept have their limits", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    it.failures = ["hang"];
    for (let i = 0; i < DELIVERIES_WAITING_MAX + 50; i += 1) {
      const id = it.alerts.outbox.nextId;
      const message = { id, network: "dev", atMs: 1, title: "x", active: [], resolved: [], more: 0 };
      const row = it.alerts.outbox.rowOf(message, it.alerts.channels.rows);
      await it.store.write(TENANT, { puts: [{ table: MESSAGES as never, key: [id], value: row }] });
      await it.alerts.outbox.accept(row);
    }
    const states = it.alerts.outbox.log.flatMap(({ deliveries }) => deliveries.map(({ state }) => state));
    assert.equal(states.filter((state) => state === "waiting").length, DELIVERIES_WAITING_MAX);
    assert.ok(it.alerts.outbox.log.length <= DELIVERIES_WAITING_MAX + MESSAGES_KEPT_MAX);
    const rows = await it.store.tenant(TENANT).list(MESSAGES, { limit: 1_000 });
    assert.equal(rows.length, it.alerts.outbox.log.length, "what is kept is what is written");
  });

  test("wait for no channel that was removed", async () => {
    const it = await world();
    const { id } = await it.alerts.channels.add(HOOK);
    it.failures = [failure()];
    it.halted = ["demo"];
    it.elapsed(LOOK_MS);
    await it.alerts.look();
    for (let i = 0; i < 2; i += 1) {
      it.elapsed(LOOK_MS);
      await it.alerts.look();
    }
    await it.alerts.outbox.settled();
    await it.alerts.removeChannel(id);
    assert.deepEqual(it.alerts.outbox.log[0]?.deliveries[0]?.state, "failed");
    await assert.rejects(it.alerts.removeChannel(id), codeOf("CHANNEL_NOT_FOUND"));
    await it.alerts.end();
  });
});

describe("what somebody sets", () => {
  test("a silence ends by its time, or by one of no minutes", async () => {
    const it = await world();
    await it.alerts.channels.add(HOOK);
    it.halted = ["demo"];
    await it.look(1);
    const given = { minutes: 1, scope: "alert", who: "ann", why: "we know" } as const;
    await it.alerts.silence("dev", "halted.demo", given);
    await it.look(10);
    assert.deepEqual(it.sent, []);
    const { items, silences } = await it.alerts.list("dev");
    assert.deepEqual([items[0]?.state, items[0]?.silenced, silences[0]?.who], ["active", true, "ann"]);
    await it.alerts.end();
    await it.begin();
    await it.look(1);
    assert.deepEqual(it.sent, [], "it outlives a restart");
    await it.look(2);
    assert.equal(it.sent.length, 1);
    await it.alerts.silence("dev", "halted.demo", { ...given, minutes: 60 });
    assert.equal(await it.alerts.silence("dev", "halted.demo", { ...given, minutes: 0 }), undefined);
    assert.deepEqual((await it.alerts.list("dev")).silences, []);
    await assert.rejects(it.alerts.silence("dev", "halted.nobody", given), codeOf("ALERT_NOT_FOUND"));
    await it.alerts.end();
  });

  test("silences and channels have their limits", async () => {
    const it = await world();
    it.halted = Array.from({ length: SILENCES_MAX + 1 }, (_, i) => `c${i}`);
    await it.look(1);
    const given = { minutes: 5, scope: "alert", who: "ann", why: "" } as const;
    for (let i = 0; i < SILENCES_MAX; i += 1) await it.alerts.silence("dev", `halted.c${i}`, given);
    await it.alerts.silence("dev", "halted.c0", given);
    await assert.rejects(it.alerts.silence("dev", `halted.c${SILENCES_MAX}`, given), codeOf("SILENCES_FULL"));
    for (let i = 0; i < CHANNELS_MAX; i += 1) await it.alerts.channels.add(HOOK);
    await assert.rejects(it.alerts.channels.add(HOOK), codeOf("CHANNELS_FULL"));
    await it.alerts.end();
  });

  test("rules are kept over a restart, and one that is named twice is refused", async () => {
    const it = await world();
    const rule = { rule: "halted", enabled: false, holdMs: 0 } as const;
    await it.alerts.setRules("dev", [rule]);
    await assert.rejects(it.alerts.setRules("dev", [rule, rule]), codeOf("ALERT_RULES_INVALID"));
    await it.alerts.end();
    await it.begin();
    it.halted = ["demo"];
    await it.look(5);
    assert.deepEqual((await it.alerts.list("dev")).items, []);
    await it.alerts.end();
  });
});

describe("secrets", () => {
  const folder = mkdtempSync(join(tmpdir(), "bystack-seal-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("of a channel are in no row, event, answer, error or log line", async () => {
    const it = await world();
    const answers: unknown[] = [await it.alerts.channels.add(HOOK), await it.alerts.channels.add(MAIL)];
    it.failures = [platformError("CHANNEL_FAILED", { why: "no" }), new Error(`stack with ${CANARY}`)];
    it.halted = ["demo"];
    await it.look(10);
    answers.push(await it.alerts.list("dev"), it.alerts.outbox.log, it.alerts.channels.rows, it.logger.lines);
    for (const bad of [
      { ...HOOK, url: `https://u:${CANARY}@hook.test/` },
      { ...MAIL, user: null },
    ] as ChannelDraft[])
      await it.alerts.channels
        .add(bad)
        .catch((error: BystackError) => answers.push(error.message, error.why, error.details));
    for (const row of it.alerts.channels.rows) await it.alerts.test(row.id);
    const rows: string[] = [];
    for await (const { key, value } of it.kv.iterate({}))
      rows.push(Buffer.from(key).toString(), Buffer.from(value).toString());
    const all = JSON.stringify(answers) + rows.join("\n");
    assert.match(all, /"name":"ops"/);
    assert.ok(!all.includes(CANARY), "the canary is found");
    assert.ok(!all.includes(Buffer.from(CANARY).toString("base64").slice(0, 20)), "the canary is only encoded");
    assert.equal(it.sent.filter(({ message }) => message.id.startsWith("test-")).length, 2, "the sender has it");
    await it.alerts.end();
  });

  test("are bound to their row and to the folder's key, which only its owner can read", () => {
    const rng = createSeededRng(1);
    const path = join(folder, "seal.key");
    const key = loadSealKey(path, rng);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(loadSealKey(path, rng), key);
    const sealed = createSeal(key, rng).seal("channel a", "text");
    assert.equal(createSeal(key, rng).open("channel a", sealed), "text");
    const broken = Buffer.from(sealed, "base64");
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    for (const open of [
      () => createSeal(key, rng).open("channel b", sealed),
      () => createSeal(new Uint8Array(32), rng).open("channel a", sealed),
      () => createSeal(key, rng).open("channel a", broken.toString("base64")),
      () => createSeal(key, rng).open("channel a", ""),
    ])
      assert.throws(open, codeOf("SEAL_BROKEN"));
    writeFileSync(path, "no key");
    assert.throws(() => loadSealKey(path, rng), codeOf("SEAL_BROKEN"));
  });
});
