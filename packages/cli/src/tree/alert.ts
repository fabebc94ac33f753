// What is wrong and was lately, and who is told.

import { minutes } from "./arguments.ts";
import type { AddCommands } from "./tree.ts";

const alertCommands = () => import("../commands/alert.ts");

/** Alerts and their channels. */
export const addAlertCommands: AddCommands = (program, context) => {
  const alert = program.command("alert").description("what is wrong now and was lately, and who is told");
  alert
    .command("list")
    .description("alerts of the network: active, pending, the last that are over; silences")
    .addHelpText("after", "\nExample: bystack alert list")
    .action(async () => (await alertCommands()).runAlertList(context()));
  alert
    .command("silence <alert>")
    .description("tell nobody of an alert for a while; --minutes 0 ends that")
    .option("--minutes <count>", "for how long", minutes, "60")
    .option("--rule", "every alert of the same rule")
    .option("--why <text>", "what others shall know", "")
    .addHelpText("after", "\nExample: bystack alert silence node-down.demo-1 --minutes 30")
    .action(async (id: string, options: { minutes: string; rule?: boolean; why: string }) =>
      (await alertCommands()).runAlertSilence(context(), id, { ...options, rule: options.rule === true }),
    );
  alert
    .command("test [channel]")
    .description("send a test through a channel, or through each, and say what became of it")
    .addHelpText("after", "\nExample: bystack alert test")
    .action(async (channel: string | undefined) => (await alertCommands()).runAlertTest(context(), channel));
  const channel = alert.command("channel").description("webhooks and mail servers through which people are told");
  channel
    .command("list")
    .description("channels, and what became of the last messages")
    .addHelpText("after", "\nExample: bystack alert channel list")
    .action(async () => (await alertCommands()).runChannelList(context()));
  channel
    .command("add <file>")
    .description("make a channel as a JSON file says; - reads standard input")
    .addHelpText(
      "after",
      '\nExample: bystack alert channel add hook.json\n  hook.json: {"kind":"webhook","name":"ops","network":"*","url":"https://…","secret":"at least 16 characters"}' +
        '\n  mail.json: {"kind":"email","name":"mail","network":"*","host":"mail.example.org","port":587,"security":"starttls",' +
        '\n              "user":"…","password":"…","from":"bystack@example.org","to":["you@example.org"]}',
    )
    .action(async (file: string) => (await alertCommands()).runChannelAdd(context(), file));
  channel
    .command("rm <channel>")
    .description("remove a channel; what waits for it is given up")
    .addHelpText("after", "\nExample: bystack alert channel rm c0123456789abcdef")
    .action(async (id: string) => (await alertCommands()).runChannelRemove(context(), id));
};
