// The rows of alerts: what somebody has set, alerts, channels (sealed), silences, messages on their way. Buckets 12 to 16.

import {
  ALERT_LINES_MAX,
  ALERT_TEXT_MAX,
  alertId,
  alertRule,
  alertSeverity,
  alertState,
  CHANNEL_KINDS,
  DELIVERY_STATES,
  SILENCE_WHY_CHARS_MAX,
} from "@bystack/api/alert-schema";
import { z } from "zod";
import type { Table } from "../store/table.ts";
import { MESSAGE } from "./message.ts";

/** Channels of one tenant. */
export const CHANNELS_MAX = 20;
/** Silences of one network that are in force. */
export const SILENCES_MAX = 100;

const atMs = z.number().nonnegative();
const line = z.string().max(ALERT_TEXT_MAX);
const key = z.string().max(150);

const RULE = z.strictObject({ rule: alertRule, enabled: z.boolean(), holdMs: z.number().int().nonnegative() });

const ALERT = z.strictObject({
  id: alertId,
  network: z.string().max(31),
  rule: alertRule,
  subject: z.string().max(100),
  state: alertState,
  severity: alertSeverity,
  sentence: line,
  commands: z.array(line).max(ALERT_LINES_MAX),
  /** The findings that it stands for, and those that bring it about, as `id subject`. */
  keys: z.array(key).max(ALERT_LINES_MAX),
  causes: z.array(key).max(ALERT_LINES_MAX),
  level: z.number().int().nonnegative(),
  sinceMs: atMs,
  activeMs: atMs.nullable(),
  resolvedMs: atMs.nullable(),
  /** For so long it was seen while pending, and not seen while active: by looks, not by the clock. */
  heldMs: atMs,
  clearMs: atMs,
  /** When it became active, the last times. */
  activations: z.array(atMs).max(10),
  flapping: z.boolean(),
  /** In which message it was told; `under`: with which other alert; `head`: that it is over is told too. */
  told: z.strictObject({ message: z.string().max(40), head: z.boolean(), under: alertId.nullable() }).nullable(),
  /** For so long it is still not told. */
  waitMs: atMs,
});
export type AlertRow = z.infer<typeof ALERT>;

const CHANNEL = z.strictObject({
  id: z.string().max(40),
  kind: z.enum(CHANNEL_KINDS),
  name: z.string().max(60),
  network: z.string().max(31),
  target: z.string().max(400),
  createdAtMs: atMs,
  /** Everything that leads there, under the key of the platform's folder (`seal.ts`). */
  sealed: z.string().max(16_000),
});
export type ChannelRow = z.infer<typeof CHANNEL>;

const SILENCE = z.strictObject({
  id: z.string().max(40),
  rule: alertRule.nullable(),
  subject: z.string().max(100).nullable(),
  untilMs: atMs,
  who: z.string().max(100),
  why: z.string().max(SILENCE_WHY_CHARS_MAX),
});
export type SilenceRow = z.infer<typeof SILENCE>;

export const DELIVERY = z.strictObject({
  channel: z.string().max(40),
  state: z.enum(DELIVERY_STATES),
  attempts: z.number().int().nonnegative(),
  why: z.string().max(500).nullable(),
});
export type Delivery = z.infer<typeof DELIVERY>;

const SENT = z.strictObject({ message: MESSAGE, deliveries: z.array(DELIVERY).max(CHANNELS_MAX) });
export type MessageRow = z.infer<typeof SENT>;

/** Key: network, rule. What somebody has set; without a row a rule is as it was made. */
export const RULES: Table<z.infer<typeof RULE>> = { name: "rules", bucket: 12, row: RULE };
/** Key: network, id. */
export const ALERTS: Table<AlertRow> = { name: "alerts", bucket: 13, row: ALERT };
/** Key: id. */
export const CHANNELS: Table<ChannelRow> = { name: "channels", bucket: 14, row: CHANNEL };
/** Key: network, id. */
export const SILENCES: Table<SilenceRow> = { name: "silences", bucket: 15, row: SILENCE };
/** Key: number. What is on its way, and the last that were. */
export const MESSAGES: Table<MessageRow> = { name: "messages", bucket: 16, row: SENT };
