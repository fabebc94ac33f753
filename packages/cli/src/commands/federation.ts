// `bystack federation`: how the federation stands, and stopping or starting one member while its validator votes on.

import { platformError } from "@bystack/platform/errors";
import { clientOf } from "@bystack/platform/network/run";
import { type Context, requireState } from "../context.ts";
import { nodeOf } from "../network/chains.ts";

export async function runFederationStatus(context: Context): Promise<void> {
  const node = nodeOf(context, "side");
  const [status, members] = await Promise.all([node.call("federationStatus"), node.call("members")]);
  const lines = [
    `${status.threshold} of ${status.members} members sign; vault epoch ${status.vaultEpoch}; main chain seen to height ${status.mainTip.height}`,
    `float ${status.floatNeu} neu, ${status.openPayouts} open payouts${status.paused.length === 0 ? "" : `; PAUSED: ${status.paused.join(", ")}`}`,
    ...members.items.map(
      (member) =>
        `  ${member.id.padEnd(12)} ${member.running ? "running" : "not heard of"}${member.self ? " (this one)" : ""}`,
    ),
    ...status.assets.map((asset) => `  ${asset.asset.slice(0, 16)}…  locked ${asset.locked}, owed ${asset.owed}`),
  ];
  context.output.result({ ...status, memberList: members.items }, lines.join("\n"));
}

export async function runMemberSwitch(context: Context, id: string, run: boolean): Promise<void> {
  const state = requireState(context);
  const node = state.nodes.find((candidate) => candidate.id === id);
  if (node === undefined)
    throw platformError("PROVIDER_NOT_FOUND", {
      why: `${id}; there are: ${state.nodes.map((entry) => entry.id).join(", ")}`,
    });
  const client = clientOf(context.layout, node);
  if (client === undefined) throw platformError("NETWORK_NOT_RUNNING", { why: id });
  const { running } = await client.call("memberSwitch", { body: { run } });
  context.output.result(
    { member: id, running },
    `member ${id} ${running ? "runs" : "is stopped; its validator goes on voting"}`,
  );
}
