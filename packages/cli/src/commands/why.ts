// `bystack why [chain|node|transaction]`: what is wrong, causes first. Asks the nodes themselves, so it needs no platform.

import { whySubject } from "@bystack/platform/why";
import { formatWhy } from "@bystack/platform/why/format";
import { type Context, providerOf, requireState } from "../context.ts";

/** Something is wrong (platform.md section 7). */
const EXIT_UNHEALTHY = 10;

/** @throws BystackError NETWORK_NOT_FOUND, WHY_NOT_FOUND */
export async function runWhy(context: Context, subject: string | undefined): Promise<void> {
  const state = requireState(context);
  const { layout, output, chain } = context;
  const source = { layout, state, provider: providerOf(layout), nowMs: () => Date.now() };
  const report = await whySubject(source, subject ?? chain);
  output.result(report, formatWhy(report));
  if (!report.healthy) process.exitCode = EXIT_UNHEALTHY;
}
