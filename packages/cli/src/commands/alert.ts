// `bystack alert`: what is wrong now and was lately, silences, and the channels through which people are told. Secrets of a
// channel come from a file or from standard input, never from the command line: other users of the machine can read that.

import { readFileSync } from "node:fs";
import { channelDraft } from "@bystack/api/alert-schema";
import { platformError } from "@bystack/platform/errors";
import type { Context } from "../context.ts";
import { type PlatformClient, requirePlatform } from "../daemon/connect.ts";

/** The message did not arrive (platform.md section 7). */
const EXIT_UNHEALTHY = 10;

type Reply = Awaited<ReturnType<typeof listOf>>;
const listOf = (client: PlatformClient, network: string) => client.call("alerts", { params: { network } });

function timeOf(ms: number | null): string {
  return ms === null ? "" : new Date(ms).toISOString().replace("T", " ").slice(0, 19);
}

function lineOf({
  state,
  severity,
  id,
  sentence,
  activeMs,
  resolvedMs,
  sinceMs,
  silenced,
}: Reply["items"][number]): string {
  const mark = state === "active" && severity === "critical" ? "CRITICAL" : state;
  const tail = silenced ? "  (silenced)" : "";
  return `${mark.padEnd(9)} ${timeOf(resolvedMs ?? activeMs ?? sinceMs)}  ${id}${tail}\n            ${sentence}`;
}

function formatAlerts({ items, silences }: Reply): string {
  const lines = items.map(lineOf);
  if (!items.some(({ state }) => state === "active")) lines.unshift("No alert is active.");
  for (const { rule, subject, untilMs, who, why } of silences)
    lines.push(
      `silenced  ${rule ?? "every rule"} ${subject ?? "everywhere"} until ${timeOf(untilMs)} by ${who}${why === "" ? "" : `: ${why}`}`,
    );
  return lines.join("\n");
}

export async function runAlertList({ home, network, output }: Context): Promise<void> {
  const reply = await listOf(requirePlatform(home), network);
  output.result(reply, formatAlerts(reply));
}

export async function runAlertSilence(
  { home, network, output }: Context,
  alert: string,
  options: { readonly minutes: string; readonly rule: boolean; readonly why: string },
): Promise<void> {
  const body = { minutes: Number(options.minutes), scope: options.rule ? "rule" : "alert", why: options.why } as const;
  const reply = await requirePlatform(home).call("silenceAlert", { params: { network, alert }, body });
  const { silence } = reply;
  const what = options.rule ? `the rule of ${alert}` : alert;
  output.result(
    reply,
    silence === null ? `Told again: ${what}.` : `Nobody is told of ${what} until ${timeOf(silence.untilMs)}.`,
  );
}

/** Sends a test through one channel, or through every one. */
export async function runAlertTest({ home, output }: Context, channel: string | undefined): Promise<void> {
  const client = requirePlatform(home);
  const { items } = await client.call("channels", {});
  const wanted = channel === undefined ? items : items.filter(({ id, name }) => id === channel || name === channel);
  if (wanted.length === 0) throw platformError("CHANNEL_NOT_FOUND", { why: channel ?? "there is none" });
  const results = [];
  for (const { id, name } of wanted)
    results.push({ id, name, ...(await client.call("testChannel", { params: { channel: id }, body: {} })) });
  const lines = results.map(({ name, sent, why, next, tookMs }) =>
    sent ? `${name}: taken in ${tookMs} ms` : `${name}: not sent\n  why:  ${why}\n  next: ${next}`,
  );
  output.result({ items: results }, lines.join("\n"));
  if (results.some(({ sent }) => !sent)) process.exitCode = EXIT_UNHEALTHY;
}

/** The draft of a file, or of standard input for `-`. @throws BystackError CHANNEL_INVALID with the field that is wrong */
function readDraft(file: string) {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
  } catch (error) {
    const isRead = error instanceof SyntaxError;
    throw platformError("CHANNEL_INVALID", { why: isRead ? "the file is not JSON" : `${file} cannot be read` });
  }
  const { success, data, error } = channelDraft.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  throw platformError("CHANNEL_INVALID", { why: `${issue?.path.map(String).join(".") || "kind"}: ${issue?.message}` });
}

export async function runChannelAdd({ home, output }: Context, file: string): Promise<void> {
  const body = readDraft(file);
  const channel = await requirePlatform(home).call("createChannel", { body });
  output.result(
    channel,
    `${channel.id}  ${channel.kind}  ${channel.name}: ${channel.target}\nTest it: bystack alert test ${channel.id}`,
  );
}

export async function runChannelList({ home, output }: Context): Promise<void> {
  const reply = await requirePlatform(home).call("channels", {});
  const { items, deliveries } = reply;
  const names = new Map(items.map(({ id, name }) => [id, name]));
  const lines = items.map(
    ({ id, kind, name, network, target }) => `${id}  ${kind.padEnd(8)} ${name}: ${target}, network ${network}`,
  );
  if (items.length === 0)
    lines.push("There is no channel: alerts are shown and told to nobody. bystack alert channel add <file>");
  for (const { atMs, channel, state, attempts, title, why } of deliveries)
    lines.push(
      `${timeOf(atMs)}  ${state.padEnd(8)} ${names.get(channel) ?? channel}, ${attempts} attempts: ${title}${why === null ? "" : ` (${why})`}`,
    );
  output.result(reply, lines.join("\n"));
}

export async function runChannelRemove({ home, output }: Context, channel: string): Promise<void> {
  const reply = await requirePlatform(home).call("removeChannel", { params: { channel } });
  output.result(reply, `Removed ${channel}.`);
}
