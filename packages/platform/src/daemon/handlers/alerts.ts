// Handlers of alerts and channels.

import type { ALERT_ROUTES } from "@bystack/api/platform/alert-routes";
import type { CallHandlers } from "@bystack/api/route";
import { BystackError } from "@bystack/utils/errors";
import { type AlertView, shownRules } from "../../alert/alerts.ts";
import type { ChannelRow, MessageRow } from "../../alert/tables.ts";
import { platformError } from "../../errors.ts";
import { loadNetworkState } from "../../network/layout.ts";
import type { PlatformCaller } from "../door.ts";
import { actorOf, type HandlerParts, lineOf } from "./parts.ts";

/** Messages of the delivery log that are shown. */
const DELIVERIES_SHOWN = 100;

function shownAlert({ keys: _, level: __, heldMs: ___, clearMs, activations, told, waitMs, ...alert }: AlertView) {
  return alert;
}

function shownChannel({ sealed: _, ...channel }: ChannelRow) {
  return channel;
}

function deliveriesOf(rows: readonly MessageRow[]) {
  return rows.slice(0, DELIVERIES_SHOWN).flatMap(({ message, deliveries }) =>
    deliveries.map((delivery) => {
      const { id, network, atMs, title } = message;
      return { message: id, network, atMs, title, ...delivery };
    }),
  );
}

export function alertHandlers({
  platform,
  alerts,
  now,
}: HandlerParts): CallHandlers<typeof ALERT_ROUTES, PlatformCaller> {
  const assertNetwork = (network: string): void => {
    if (loadNetworkState(platform.layout(network)) === undefined)
      throw platformError("NETWORK_NOT_FOUND", { why: network });
  };
  return {
    alerts: async ({ params: { network } }) => {
      assertNetwork(network);
      const { items, silences, rules } = await alerts.list(network);
      return { items: items.map(shownAlert), silences, rules: shownRules(rules) };
    },
    setAlertRules: async ({ params: { network }, body }, { caller }) => {
      assertNetwork(network);
      const rules = await alerts.setRules(network, body.rules, lineOf(caller, "setAlertRules", network));
      return { rules: shownRules(rules) };
    },
    silenceAlert: async ({ params: { network, alert }, body }, { caller }) => {
      assertNetwork(network);
      const given = { ...body, who: actorOf(caller) };
      const line = lineOf(caller, "silenceAlert", `${network}/${alert}`);
      return { silence: (await alerts.silence(network, alert, given, line)) ?? null };
    },
    channels: () => ({
      items: alerts.channels.rows.map(shownChannel),
      deliveries: deliveriesOf(alerts.outbox.log),
    }),
    createChannel: async ({ body }, { caller }) =>
      shownChannel(await alerts.channels.add(body, lineOf(caller, "createChannel", body.network))),
    removeChannel: async ({ params }, { caller }) => {
      await alerts.removeChannel(params.channel, lineOf(caller, "removeChannel", params.channel));
      return { done: true as const };
    },
    testChannel: async ({ params }, { caller }) => {
      const beganMs = now();
      const tookMs = (): number => Math.max(0, now() - beganMs);
      try {
        await alerts.test(params.channel, lineOf(caller, "testChannel", params.channel));
        return { sent: true, why: null, next: null, tookMs: tookMs() };
      } catch (error) {
        // That it did not arrive is the answer that was asked for; only that there is no such channel is a failure of the call.
        if (!(error instanceof BystackError) || !OUTCOMES.includes(error.code)) throw error;
        return { sent: false, why: `${error.message} ${error.why}`.trim(), next: error.next, tookMs: tookMs() };
      }
    },
  };
}

const OUTCOMES: readonly string[] = [
  "CHANNEL_FAILED",
  "OUTBOUND_REFUSED",
  "OUTBOUND_FAILED",
  "OUTBOUND_BUSY",
  "SEAL_BROKEN",
];
