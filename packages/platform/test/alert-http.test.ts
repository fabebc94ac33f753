// Alerts over HTTP on real sockets: channels are made, listed without their secrets, tested with the real outcome and removed;
// silences and rules are set; each leaves its line in the audit log.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { TENANT } from "@bystack/platform/daemon/platform";
import { DEV_DEFINITION } from "@bystack/platform/definition/dev";
import { LOCAL_TOKEN, rowsOf, Served } from "./http-kit.ts";

const CANARY = "CANARYofAnHttpChannel";
const served = new Served();
const headers = { authorization: `Bearer ${LOCAL_TOKEN}` };
const call = (method: string, path: string, body?: unknown) => served.call(method, path, { headers, body });
const hook = (name: string) => ({
  kind: "webhook",
  name,
  network: "*",
  url: `https://hook.test/${CANARY}`,
  secret: `${CANARY}${CANARY}`,
});

before(async () => {
  await served.start();
  await served.machine.apply(served.platform, DEV_DEFINITION);
  await served.platform.watch.look();
});
after(() => served.end());

describe("the platform's metrics", () => {
  test("say how many nodes, operations, alerts and audit rows there are, and how long answers take; no secret, no name", async () => {
    await served.alerts.look();
    const text = String((await served.call("GET", "/metrics")).body.text);
    const value = (name: string): number =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`bystack_${name} `))
          ?.split(" ")[1] ?? Number.NaN,
      );
    const nodes = served.platform.watch.latest("dev")?.nodes.length;
    const states = ["ready", "unready", "starting", "stopped"].map((state) =>
      value(`platform_nodes{state="${state}"}`),
    );
    assert.equal(
      states.reduce((sum, count) => sum + count, 0),
      nodes,
    );
    assert.equal(value('platform_operations{state="succeeded"}'), 1);
    assert.equal(value("platform_audit_unanchored"), (await rowsOf(served)).length);
    assert.equal(value("platform_restarts_total"), 0);
    await call("GET", "/v1/networks");
    const after = String((await served.call("GET", "/metrics")).body.text);
    const answers = (of: string) => Number(/^bystack_platform_api_seconds_count (\d+)$/m.exec(of)?.[1]);
    assert.ok(answers(after) > answers(text));
    assert.ok(![LOCAL_TOKEN, "demo-1", "main-1", served.machine.home].some((secret) => text.includes(secret)));
  });

  test("count an exit once, however often they are read", async () => {
    const { store } = served.machine;
    assert.ok(store !== undefined);
    const exit = { network: "dev", code: 137, signal: null, meaning: "killed" };
    await store.write(TENANT, { events: [{ topic: "node", subject: "demo-1", data: exit }] });
    await store.write(TENANT, {
      events: [{ topic: "node", subject: "demo-1", data: { network: "dev", ready: true } }],
    });
    for (let i = 0; i < 3; i += 1)
      assert.match(String((await served.call("GET", "/metrics")).body.text), /^bystack_platform_restarts_total 1$/m);
  });
});

describe("alerts over HTTP", () => {
  test("a channel is made, shown without its secrets, tested with the real outcome, and removed", async () => {
    const made = await call("POST", "/v1/channels", hook("ops"));
    const broken = await call("POST", "/v1/channels", hook("broken"));
    assert.deepEqual([made.status, broken.status], [200, 200], JSON.stringify(made.body));
    const tested = await call("POST", `/v1/channels/${made.body.id}/test`, {});
    assert.deepEqual([tested.status, tested.body.sent, tested.body.why], [200, true, null]);
    assert.match(served.sent[0] ?? "", /^ops: This is a test/);
    const refused = await call("POST", `/v1/channels/${broken.body.id}/test`, {});
    assert.deepEqual([refused.status, refused.body.sent], [200, false]);
    assert.match(String(refused.body.why), /hook\.test answered 500/);
    const list = await call("GET", "/v1/channels");
    assert.deepEqual(
      (list.body.items as { name: string; target: string }[]).map(({ name, target }) => [name, target]),
      [
        ["ops", "https://hook.test"],
        ["broken", "https://hook.test"],
      ],
    );
    for (const { id } of list.body.items as { id: string }[])
      assert.equal((await call("DELETE", `/v1/channels/${id}`)).status, 200);
    assert.equal((await call("POST", `/v1/channels/${made.body.id}/test`, {})).body.code, "CHANNEL_NOT_FOUND");
    const wrong = await call("POST", "/v1/channels", { ...hook("ops"), url: `ftp://${CANARY}` });
    assert.equal(wrong.body.code, "CHANNEL_INVALID");
    const all = JSON.stringify([made, tested, refused, list, wrong, await rowsOf(served), served.logger.lines]);
    assert.ok(!all.includes(CANARY), "a secret is in an answer, the audit log or a log line");
    const routes = (await rowsOf(served)).map(({ route }) => route);
    for (const route of ["createChannel", "testChannel", "removeChannel"]) assert.ok(routes.includes(route), route);
  });

  test("what is wrong is listed, can be silenced, and its rule be changed", async () => {
    await served.alerts.look();
    const { body } = await call("GET", "/v1/networks/dev/alerts");
    // The nodes of this test have no chains and answer nothing: that is what is found.
    const [first] = body.items as { id: string; state: string; silenced: boolean }[];
    assert.ok(first !== undefined, JSON.stringify(body));
    const given = { minutes: 30, why: "a test" };
    const silenced = await call("POST", `/v1/networks/dev/alerts/${encodeURIComponent(first.id)}/silence`, given);
    assert.equal((silenced.body.silence as { who: string }).who, "local");
    const again = (await call("GET", "/v1/networks/dev/alerts")).body;
    assert.equal(
      (again.items as { id: string; silenced: boolean }[]).find(({ id }) => id === first.id)?.silenced,
      true,
    );
    const rule = { rule: "clock", enabled: true, holdMs: 1_000 };
    const set = await call("PUT", "/v1/networks/dev/rules", { rules: [rule] });
    assert.deepEqual(
      (set.body.rules as { rule: string; holdMs: number }[]).find((one) => one.rule === "clock")?.holdMs,
      1_000,
    );
    for (const [method, path, sent] of [
      ["GET", "/v1/networks/none/alerts", undefined],
      ["PUT", "/v1/networks/none/rules", { rules: [] }],
      ["POST", "/v1/networks/none/alerts/halted.x/silence", { minutes: 1 }],
    ] as const)
      assert.equal((await call(method, path, sent)).body.code, "NETWORK_NOT_FOUND", path);
    const missing = await call("POST", "/v1/networks/dev/alerts/halted.nobody/silence", { minutes: 1 });
    assert.equal(missing.body.code, "ALERT_NOT_FOUND");
  });
});
