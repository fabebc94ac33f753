// What alerts are, for every place that shows or keeps them: the platform's engine, its store, its API, command line, console.
// An alert is a finding of `why` (or an age, or a date of expiry) that was held for its rule's time (platform.md section 9).

import { z } from "zod";
import * as s from "./schemas.ts";

/** The rules, in the order in which they are listed: what is worst comes first. */
export const ALERT_RULES = [
  "halted",
  "mismatch",
  "margin-zero",
  "node-down",
  "signers",
  "disk",
  "clock",
  "late-transfer",
  "tls-expiry",
  "backup",
  "drill",
  "anchor",
  "degraded",
] as const;
export type AlertRule = (typeof ALERT_RULES)[number];
export const alertRule = z.enum(ALERT_RULES);

/** Characters of an alert's id: rule, full stop, subject. */
export const ALERT_ID_CHARS_MAX = 120;
/** Characters of one line of an alert. */
export const ALERT_TEXT_MAX = 2_000;
/** Lines of an alert: commands, causes, finding keys; a committee of 31 fits. */
export const ALERT_LINES_MAX = 64;
/** The longest time that a rule may ask for: a day. */
export const ALERT_HOLD_MS_MAX = 86_400_000;
/** The longest silence: 30 days. */
export const SILENCE_MINUTES_MAX = 43_200;
/** Characters of what somebody says about a silence. */
export const SILENCE_WHY_CHARS_MAX = 200;
/** Characters of a channel's name. */
export const CHANNEL_NAME_CHARS_MAX = 60;

export const alertId = z.string().min(3).max(ALERT_ID_CHARS_MAX);
const line = z.string().max(ALERT_TEXT_MAX);
export const alertSeverity = z.enum(["critical", "problem"]);
export const alertState = z.enum(["pending", "active", "resolved"]);

export const alertRow = z.object({
  id: alertId,
  network: z.string(),
  rule: alertRule,
  /** A chain, a node, a transaction, or `platform`. */
  subject: z.string().max(100),
  state: alertState,
  severity: alertSeverity,
  sentence: line,
  commands: z.array(line).max(ALERT_LINES_MAX),
  /** Findings that bring it about, as `id subject`. */
  causes: z.array(z.string().max(150)).max(ALERT_LINES_MAX),
  /** Since when it is the case, as far as that is known. */
  sinceMs: s.milliseconds,
  activeMs: s.milliseconds.nullable(),
  resolvedMs: s.milliseconds.nullable(),
  /** It comes and goes: it counts as over only after a longer quiet. */
  flapping: z.boolean(),
  /** Nobody is told of it at the moment. */
  silenced: z.boolean(),
});

export const silenceRow = z.object({
  id: z.string().max(40),
  /** null: every rule, every subject. */
  rule: alertRule.nullable(),
  subject: z.string().max(100).nullable(),
  untilMs: s.milliseconds,
  who: z.string().max(100),
  why: z.string().max(SILENCE_WHY_CHARS_MAX),
});

export const ruleRow = z.object({
  rule: alertRule,
  enabled: z.boolean(),
  /** For so long it must be the case before somebody is told. */
  holdMs: z.number().int().min(0).max(ALERT_HOLD_MS_MAX),
  says: z.string(),
});

export const CHANNEL_KINDS = ["webhook", "email"] as const;

const channelName = z
  .string()
  .min(1)
  .max(CHANNEL_NAME_CHARS_MAX)
  .regex(/^[\p{L}\p{N} ._-]+$/u, "letters, digits, spaces, hyphens, full stops");
const mailAddress = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,189}$/, "an e-mail address");
const network = z.union([z.literal("*"), z.string().regex(/^[a-z][a-z0-9-]{0,30}$/)]);

/** Addresses that one channel writes to. */
export const MAIL_RECIPIENTS_MAX = 20;

/** How a channel is made. What is secret in it is told to nobody again. */
export const channelDraft = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("webhook"),
    name: channelName,
    network,
    url: z.string().max(2_048),
    /** What the body is signed with: HMAC-SHA256. */
    secret: z.string().min(16).max(256),
  }),
  z.strictObject({
    kind: z.literal("email"),
    name: channelName,
    network,
    /** The mail server; over TLS unless it is this machine. */
    host: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[A-Za-z0-9.:-]+$/, "a name or an address"),
    port: z.number().int().min(1).max(65_535),
    /** `tls`: from the first byte. `starttls`: asked for, and nothing is sent without it. */
    security: z.enum(["tls", "starttls", "none"]),
    user: z.string().max(256).nullable(),
    password: z.string().max(1_024).nullable(),
    from: mailAddress,
    to: z.array(mailAddress).min(1).max(MAIL_RECIPIENTS_MAX),
  }),
]);
export type ChannelDraft = z.output<typeof channelDraft>;

export const channelRow = z.object({
  id: z.string().max(40),
  kind: z.enum(CHANNEL_KINDS),
  name: z.string(),
  network: z.string(),
  /** Where it leads, without what is secret: a webhook's origin, a mail server and how many it writes to. */
  target: z.string(),
  createdAtMs: s.milliseconds,
});
export type Channel = z.output<typeof channelRow>;

export const DELIVERY_STATES = ["waiting", "sending", "sent", "failed", "unknown"] as const;

export const deliveryRow = z.object({
  message: z.string(),
  network: z.string(),
  atMs: s.milliseconds,
  title: z.string(),
  channel: z.string(),
  /** `unknown`: the platform ended while it was being sent; it is not sent again. */
  state: z.enum(DELIVERY_STATES),
  attempts: z.number().int().nonnegative(),
  /** Why the newest attempt failed. */
  why: z.string().nullable(),
});
