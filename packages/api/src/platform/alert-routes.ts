// The routes of alerts: what is wrong now and was lately, how long each rule waits, silences, and the channels through which
// people are told. What is secret in a channel is taken and never told.

import { z } from "zod";
import {
  ALERT_HOLD_MS_MAX,
  ALERT_RULES,
  alertId,
  alertRow,
  alertRule,
  channelDraft,
  channelRow,
  deliveryRow,
  ruleRow,
  SILENCE_MINUTES_MAX,
  SILENCE_WHY_CHARS_MAX,
  silenceRow,
} from "../alert-schema.ts";
import { route } from "../route.ts";
import { count, NETWORK } from "./parts.ts";

const CHANNEL_ID = z.strictObject({ channel: z.string().regex(/^c[0-9a-f]{16}$/, "the id of a channel") });
const rules = z.object({ rules: z.array(ruleRow) });

export const ALERT_ROUTES = {
  alerts: route({
    method: "GET",
    path: "/v1/networks/:network/alerts",
    summary:
      "Alerts of a network and of the platform: active, pending, the last that are over; its rules and silences.",
    params: NETWORK,
    reply: z.object({ items: z.array(alertRow), silences: z.array(silenceRow), rules: z.array(ruleRow) }),
    access: { role: "a" },
  }),
  setAlertRules: route({
    method: "PUT",
    path: "/v1/networks/:network/rules",
    summary: "Which alert rules are on, and for how long something must be the case. Rules that are not named stay.",
    params: NETWORK,
    body: z.strictObject({
      rules: z
        .array(
          z.strictObject({
            rule: alertRule,
            enabled: z.boolean(),
            holdMs: z.number().int().min(0).max(ALERT_HOLD_MS_MAX),
          }),
        )
        .max(ALERT_RULES.length),
    }),
    reply: rules,
    errors: ["ALERT_RULES_INVALID"],
    access: { role: "o" },
  }),
  silenceAlert: route({
    method: "POST",
    path: "/v1/networks/:network/alerts/:alert/silence",
    summary: "Tells nobody of an alert, or of its whole rule, for some minutes; 0 ends what was said before.",
    params: NETWORK.extend({ alert: alertId }),
    body: z.strictObject({
      minutes: z.number().int().min(0).max(SILENCE_MINUTES_MAX),
      scope: z.enum(["alert", "rule"]).default("alert"),
      why: z.string().max(SILENCE_WHY_CHARS_MAX).default(""),
    }),
    reply: z.object({ silence: silenceRow.nullable() }),
    errors: ["ALERT_NOT_FOUND", "SILENCES_FULL"],
    access: { role: "o" },
  }),
  channels: route({
    method: "GET",
    path: "/v1/channels",
    summary: "Channels through which alerts are told, and the last hundred messages with what became of them.",
    reply: z.object({ items: z.array(channelRow), deliveries: z.array(deliveryRow) }),
    access: { role: "o" },
  }),
  createChannel: route({
    method: "POST",
    path: "/v1/channels",
    summary: "Makes a channel: a webhook whose bodies are signed with its secret, or e-mail by SMTP.",
    body: channelDraft,
    reply: channelRow,
    errors: ["CHANNEL_INVALID", "CHANNELS_FULL"],
    access: { role: "o" },
  }),
  removeChannel: route({
    method: "DELETE",
    path: "/v1/channels/:channel",
    summary: "Removes a channel; what waits for it is given up.",
    params: CHANNEL_ID,
    reply: z.object({ done: z.literal(true) }),
    errors: ["CHANNEL_NOT_FOUND"],
    access: { role: "o" },
  }),
  testChannel: route({
    method: "POST",
    path: "/v1/channels/:channel/test",
    summary: "Sends a test message through a channel now, and says what became of it.",
    params: CHANNEL_ID,
    reply: z.object({
      sent: z.boolean(),
      /** Why it did not arrive, and what to do. */
      why: z.string().nullable(),
      next: z.string().nullable(),
      tookMs: count,
    }),
    errors: ["CHANNEL_NOT_FOUND"],
    access: { role: "o" },
  }),
} as const;
