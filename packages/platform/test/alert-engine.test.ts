// The alert engine, look by look: what is held fires, what is not does not; causes and consequences are one message; what comes and
// goes, clocks that jump, a thousand findings at once, silences, and a restart between any two looks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertRule } from "@bystack/api/alert-schema";
import type { Finding, WhyReport } from "@bystack/api/why-schema";
import fc from "fast-check";
import {
  CLEAR_MS,
  FLAP_CLEAR_MS,
  OPEN_ALERTS_MAX,
  RESOLVED_ALERTS_KEPT_MAX,
  STEP_MS_MAX,
  type Step,
  step,
} from "../src/alert/engine.ts";
import { MESSAGE_ITEMS_MAX, type Message } from "../src/alert/message.ts";
import { type Observation, observe, observeAges, observeCertificate } from "../src/alert/observe.ts";
import { RULE_TEXTS, type RuleSettings, ruleSettings } from "../src/alert/rules.ts";
import { ALERTS, type AlertRow, type SilenceRow } from "../src/alert/tables.ts";
import { decodeRow, encodeRow } from "../src/store/table.ts";

const LOOK_MS = 5_000;

/** Looks every five seconds, and keeps what is told. */
class Looks {
  alerts: ReadonlyMap<string, AlertRow> = new Map();
  nowMs = 1_700_000_000_000;
  readonly told: Message[] = [];
  rules: RuleSettings = ruleSettings();
  silences: SilenceRow[] = [];
  last: Step | undefined;

  look(seen: readonly Observation[], elapsedMs = LOOK_MS, wallMs = elapsedMs): Message | undefined {
    this.nowMs += wallMs;
    const { nowMs, rules, silences } = this;
    const nextMessage = String(this.told.length + 1);
    const world = { network: "dev", nowMs, elapsedMs, rules, silences, nextMessage };
    this.last = step(this.alerts, seen, world);
    this.alerts = this.last.alerts;
    if (this.last.message !== undefined) this.told.push(this.last.message);
    return this.last.message;
  }

  /** For so long, look by look. */
  hold(seen: readonly Observation[], ms: number): Message[] {
    const before = this.told.length;
    for (let passed = 0; passed < ms; passed += LOOK_MS) this.look(seen);
    return this.told.slice(before);
  }

  state(id: string): string | undefined {
    return this.alerts.get(id)?.state;
  }

  /** As if the platform had ended and begun: rows as the store has them. */
  restart(): void {
    this.alerts = new Map([...this.alerts].map(([id, row]) => [id, decodeRow(ALERTS, encodeRow(ALERTS, row))]));
  }
}

function seen(rule: AlertRule, subject: string, parts: Partial<Observation> = {}): Observation {
  const severity = rule === "halted" || rule === "mismatch" ? "critical" : "problem";
  const base = { rule, subject, severity, level: 0, commands: [], causes: [], sinceMs: null } as const;
  return { ...base, sentence: `${subject} has ${rule}`, keys: [`${rule} ${subject}`], ...parts };
}

const halted = seen("halted", "demo", { keys: ["quorum-lost demo"] });
const transfer = (n: number): Observation =>
  seen("late-transfer", `${n}`.repeat(64), { causes: ["quorum-lost demo"], keys: [`transfer-waits ${n}`] });

describe("what is held", () => {
  test("each rule fires when its time is over, not before, and once", () => {
    for (const [rule, { holdMs }] of Object.entries(RULE_TEXTS) as [AlertRule, { holdMs: number }][]) {
      const looks = new Looks();
      const one = seen(rule, "x");
      for (let passed = 0; passed < holdMs; passed += LOOK_MS) {
        assert.equal(looks.look([one]), undefined, `${rule} after ${passed} ms`);
        assert.equal(looks.state(`${rule}.x`), "pending");
      }
      assert.equal(looks.look([one])?.active[0]?.id, `${rule}.x`, rule);
      assert.deepEqual(looks.hold([one], 600_000), [], `${rule} is told once`);
    }
  });

  test("a look at which it is gone begins its time anew: a near miss is told to nobody", () => {
    const looks = new Looks();
    for (let i = 0; i < 20; i += 1) {
      looks.hold([halted], 10_000);
      looks.look([]);
    }
    assert.deepEqual(looks.told, []);
    assert.equal(looks.alerts.size, 0);
  });

  test("it is over after 15 s of quiet, and that is told", () => {
    const looks = new Looks();
    looks.hold([halted], 15_000);
    assert.equal(looks.told.length, 1);
    assert.deepEqual(looks.hold([], CLEAR_MS - LOOK_MS), []);
    const over = looks.look([]);
    assert.deepEqual([over?.active.length, over?.resolved[0]?.id], [0, "halted.demo"]);
    assert.match(over?.title ?? "", /^Over: /);
    assert.deepEqual(looks.hold([], 60_000), []);
  });

  test("a rule that is switched off watches nothing; one that is set to longer waits longer", () => {
    const looks = new Looks();
    looks.rules = ruleSettings({ halted: { enabled: true, holdMs: 60_000 }, disk: { enabled: false, holdMs: 0 } });
    assert.deepEqual(looks.hold([halted, seen("disk", "demo-1")], 60_000), []);
    assert.equal(looks.look([halted])?.active.length, 1);
    assert.equal(looks.alerts.size, 1);
  });
});

describe("clocks", () => {
  test("a wall clock that jumps an hour forth or back fires nothing and ends nothing", () => {
    for (const jumpMs of [3_600_000, -3_600_000, -1e12]) {
      const looks = new Looks();
      looks.look([halted]);
      looks.look([halted], 1_000, jumpMs);
      assert.equal(looks.state("halted.demo"), "pending");
      looks.hold([halted], 10_000);
      assert.equal(looks.state("halted.demo"), "active");
      looks.look([], 1_000, jumpMs);
      assert.equal(looks.state("halted.demo"), "active");
      assert.equal(looks.told.length, 1);
    }
  });

  test("a machine that slept between two looks has not seen the time between them", () => {
    const looks = new Looks();
    const down = seen("node-down", "demo-1");
    looks.look([down]);
    assert.equal(looks.look([down], 8 * 3_600_000), undefined);
    assert.equal(looks.alerts.get("node-down.demo-1")?.heldMs, STEP_MS_MAX);
  });
});

describe("one message", () => {
  test("a chain that stopped and the transfers that wait for it are one, whichever is found first", () => {
    for (const order of [
      [halted, transfer(1), transfer(2)],
      [transfer(1), transfer(2), halted],
    ]) {
      const looks = new Looks();
      const told = looks.hold(order, 900_000);
      assert.equal(told.length, 1);
      assert.deepEqual(
        told[0]?.active.map(({ id }) => id),
        ["halted.demo"],
      );
      assert.equal(told[0]?.active[0]?.with.length, 2, "the transfers are named");
      const over = looks.hold([], 60_000);
      assert.equal(over.length, 1);
      assert.deepEqual(
        over[0]?.resolved.map(({ id }) => id),
        ["halted.demo"],
      );
    }
  });

  test("a transfer that begins to wait later is not told; one that goes on waiting without the cause is", () => {
    const looks = new Looks();
    looks.hold([halted], 15_000);
    assert.deepEqual(looks.hold([halted, transfer(1)], 900_000), []);
    const alone = { ...transfer(1), causes: [] };
    const after = looks.hold([alone], 900_000);
    assert.deepEqual(
      after.map(({ active, resolved }) => [active.length, resolved.length]),
      [
        [0, 1],
        [1, 0],
      ],
    );
    assert.ok((after[1]?.atMs ?? 0) - (after[0]?.atMs ?? 0) >= RULE_TEXTS["late-transfer"].holdMs);
  });

  test("that a chain has stopped is told although what brings it about was told before", () => {
    const looks = new Looks();
    const down = seen("node-down", "demo-1");
    assert.equal(looks.hold([down], 65_000).length, 1);
    const told = looks.hold([down, { ...halted, causes: down.keys }], 60_000);
    assert.deepEqual(
      told.map(({ active }) => active.map(({ id }) => id)),
      [["halted.demo"]],
    );
  });

  test("a cause that was named with what it brings about gets no message of its own, until that is over", () => {
    const looks = new Looks();
    const down = seen("node-down", "demo-1");
    const both = [down, { ...halted, causes: down.keys }];
    const told = looks.hold(both, 300_000);
    assert.equal(told.length, 1);
    assert.match(told[0]?.active[0]?.with[0] ?? "", /demo-1 has node-down/);
    const after = looks.hold([down], 300_000);
    assert.equal(after.length, 2);
    assert.deepEqual(
      after[1]?.active.map(({ id }) => id),
      ["node-down.demo-1"],
    );
  });

  test("findings that bring each other about in a circle are told", () => {
    const looks = new Looks();
    const a = seen("disk", "a", { causes: ["disk b"] });
    const b = seen("disk", "b", { causes: ["disk a"] });
    assert.equal(looks.hold([a, b], 120_000).length, 1);
  });

  test("a thousand at once are one message that names twenty and counts the others", () => {
    const looks = new Looks();
    const many = Array.from({ length: 1_000 }, (_, i) => seen("mismatch", `n-${i}`, { severity: "problem" }));
    const told = looks.look([...many, { ...halted, rule: "mismatch", subject: "zz" }]);
    assert.equal(told?.active.length, MESSAGE_ITEMS_MAX);
    assert.equal(told?.active[0]?.subject, "zz", "the worst is first");
    assert.equal(told?.more, OPEN_ALERTS_MAX - MESSAGE_ITEMS_MAX);
    assert.equal(looks.last?.overflow, 501);
    assert.equal(looks.alerts.size, OPEN_ALERTS_MAX);
    looks.hold([], 60_000);
    assert.equal(looks.alerts.size, RESOLVED_ALERTS_KEPT_MAX);
    assert.equal(looks.told.length, 2);
  });

  test("what becomes worse is told again: a certificate at 60, 30 and 7 days, and when it has ended", () => {
    const looks = new Looks();
    const endsMs = looks.nowMs + 100 * 86_400_000;
    const at: number[] = [];
    for (let day = 0; day < 105; day += 1) {
      const message = looks.look(observeCertificate(endsMs, looks.nowMs), LOOK_MS, 86_400_000);
      if (message !== undefined) at.push(day);
    }
    assert.equal(at.length, 4, `told on the days ${at.join(", ")}`);
    assert.deepEqual(
      at.slice(1).map((day, i) => day - (at[i] ?? 0)),
      [30, 23, 7],
    );
  });
});

describe("what comes and goes", () => {
  test("is told three times at most, then only when five minutes were quiet", () => {
    const looks = new Looks();
    const down = seen("clock", "demo-1");
    looks.rules = ruleSettings({ clock: { enabled: true, holdMs: 5_000 } });
    for (let i = 0; i < 40; i += 1) {
      looks.hold([down], 10_000);
      looks.hold([], 20_000);
    }
    const kinds = looks.told.map(({ active }) => (active.length > 0 ? "on" : "off"));
    assert.deepEqual(kinds, ["on", "off", "on", "off", "on"]);
    assert.equal(looks.told.at(-1)?.active[0]?.flapping, true);
    assert.equal(looks.state("clock.demo-1"), "active");
    assert.equal(looks.hold([], FLAP_CLEAR_MS)[0]?.resolved.length, 1);
  });
});

describe("silences", () => {
  const silence = (parts: Partial<SilenceRow>): SilenceRow => ({
    id: "s1",
    rule: null,
    subject: null,
    untilMs: Number.MAX_SAFE_INTEGER,
    who: "ann",
    why: "",
    ...parts,
  });

  test("nobody is told while one is in force; what lasts longer is told when it ends", () => {
    const looks = new Looks();
    looks.silences = [silence({ rule: "halted", untilMs: looks.nowMs + 60_000 })];
    assert.deepEqual(looks.hold([halted, transfer(1)], 55_000), [], "nor of what follows from it");
    assert.equal(looks.state("halted.demo"), "active");
    assert.equal(looks.hold([halted, transfer(1)], 60_000).length, 1);
  });

  test("of one subject says nothing about another", () => {
    const looks = new Looks();
    looks.silences = [silence({ rule: "node-down", subject: "demo-1" })];
    const told = looks.hold([seen("node-down", "demo-1"), seen("node-down", "demo-2")], 120_000);
    assert.deepEqual(
      told.flatMap(({ active }) => active.map(({ subject }) => subject)),
      ["demo-2"],
    );
  });
});

describe("what is observed", () => {
  const finding = (id: Finding["id"], subject: string, parts: Partial<Finding> = {}): Finding => ({
    id,
    subject,
    severity: "problem",
    sinceMs: null,
    sentence: `${subject}: ${id}`,
    evidence: [],
    commands: [],
    causes: [],
    ...parts,
  });
  const report = (findings: Finding[], halts: string[] = []): WhyReport => ({
    network: "dev",
    subject: null,
    atMs: 1,
    collectMs: 1,
    healthy: false,
    halted: halts,
    standing: null,
    findings,
  });
  const ids = (seenNow: readonly Observation[]) => seenNow.map(({ rule, subject }) => `${rule}.${subject}`);

  test("a chain that stopped is one alert, in the words of what stopped it, also with nothing found at the chain", () => {
    const cause = finding("disk-full", "demo-1", {
      severity: "critical",
      sentence: "demo has stopped: the disk is full",
    });
    const lost = finding("quorum-lost", "demo", { severity: "critical", causes: ["disk-full demo-1"] });
    const found = observe(report([cause, lost], ["demo"]), undefined);
    assert.deepEqual(ids(found), ["halted.demo", "disk.demo-1"]);
    assert.equal(found[0]?.sentence, "demo has stopped: the disk is full");
    assert.deepEqual(found[0]?.causes, ["disk-full demo-1"]);
    assert.deepEqual(ids(observe(report([], ["demo"]), undefined)), ["halted.demo"]);
  });

  test("notes and single transactions wake nobody; a node that was stopped on purpose neither", () => {
    const found = [
      finding("transfer-waits", "ab", { severity: "note" }),
      finding("tx-stuck", "cd"),
      finding("process-down", "demo-2"),
      finding("crash-loop", "demo-3"),
      finding("unreachable", "demo-3"),
      finding("cpu-starved", "demo-4"),
    ];
    const seenNow = observe(report(found), undefined, (node) => node === "demo-2");
    assert.deepEqual(ids(seenNow), ["node-down.demo-3", "degraded.demo-4"]);
    assert.deepEqual(seenNow[0]?.keys, ["crash-loop demo-3", "unreachable demo-3"]);
  });

  test("members at the threshold are seen before `why` speaks, and not where all are needed anyway", () => {
    const side = (running: number, members: number) =>
      ({ sides: [{ chain: "demo", federation: { threshold: 3, members, running, paused: [] } }] }) as never;
    assert.deepEqual(ids(observe(report([]), side(3, 4))), ["signers.demo"]);
    for (const [running, members] of [
      [4, 4],
      [2, 4],
      [3, 3],
    ] as const)
      assert.deepEqual(ids(observe(report([]), side(running, members))), [], `${running} of ${members}`);
  });

  test("ages that nobody measures say nothing", () => {
    assert.deepEqual(observeAges("dev", {}, 1e13), []);
    const old = observeAges("dev", { backupMs: 0, drillMs: 1e13 - 1, anchorMs: 0 }, 1e13);
    assert.deepEqual(ids(old), ["backup.dev", "anchor.dev"]);
  });
});

test("whatever is seen, a restart between any two looks changes nothing, and what is told is told once", () => {
  const subjects = ["a", "b", "c"];
  const rules: AlertRule[] = ["halted", "mismatch", "node-down", "late-transfer"];
  const one = fc
    .record({
      rule: fc.constantFrom(...rules),
      subject: fc.constantFrom(...subjects),
      cause: fc.constantFrom(...subjects),
    })
    .map(({ rule, subject, cause }) => seen(rule, subject, { causes: [`node-down ${cause}`] }));
  const look = fc.record({
    seen: fc.uniqueArray(one, { selector: (o) => `${o.rule}${o.subject}`, maxLength: 6 }),
    restart: fc.boolean(),
  });
  const history = fc.array(fc.record({ look, times: fc.integer({ min: 1, max: 20 }) }), { maxLength: 12 });
  fc.assert(
    fc.property(history, (parts) => {
      const [plain, restarted] = [new Looks(), new Looks()];
      const open = new Set<string>();
      for (const { look: at, times } of parts)
        for (let i = 0; i < times; i += 1) {
          plain.look(at.seen);
          if (at.restart) restarted.restart();
          const message = restarted.look(at.seen);
          for (const { id } of message?.resolved ?? []) open.delete(id);
          for (const { id } of message?.active ?? []) {
            assert.ok(!open.has(id), `${id} is told twice while it lasts`);
            open.add(id);
          }
          for (const id of open) if (restarted.state(id) !== "active") open.delete(id);
        }
      assert.deepEqual(restarted.told, plain.told);
      assert.deepEqual([...restarted.alerts], [...plain.alerts]);
    }),
    { numRuns: 200, seed: 11 },
  );
});
