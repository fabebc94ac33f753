// `bystack open`: a link that signs the owner of this platform in to its console, once. Whoever can read the home folder gets one.

import { platformError } from "@bystack/platform/errors";
import type { Context } from "../context.ts";
import { ensurePlatform, type PlatformClient } from "../daemon/connect.ts";

/** By name where the platform is on this machine: passkeys belong to names. */
function consoleUrl({ baseUrl }: PlatformClient): string {
  return baseUrl.replace("//127.0.0.1", "//localhost");
}

/** Who the platform's own machine signs in, unless somebody else is named. */
export const OWNER = "admin";

/** Address of the console with the link behind `#`, where no server and no log sees it. */
export async function consoleLink(
  client: PlatformClient,
  login: string,
): Promise<{ url: string; expiresAtMs: number }> {
  const { link, expiresAtMs } = await client.call("openConsole", { body: { login } });
  return { url: `${consoleUrl(client)}/#k=${link}`, expiresAtMs };
}

export async function runOpen(context: Context, { login }: { readonly login: string }): Promise<void> {
  if (login === "") throw platformError("NAME_INVALID", { why: "a login has at least one letter" });
  const client = await ensurePlatform(context.home);
  const { url, expiresAtMs } = await consoleLink(client, login);
  context.output.result(
    { url, expiresAtMs },
    `${url}\n\nOpen it in a browser: it signs ${login} in, once, within ten minutes.`,
  );
}
