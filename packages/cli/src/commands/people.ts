// `bystack token` and `bystack user`: programs and people that may use this platform, from the platform's own machine.

import { ROLE_NAMES, type Role } from "@bystack/api/role";
import { platformError } from "@bystack/platform/errors";
import type { Context } from "../context.ts";
import { ensurePlatform, type PlatformClient, requirePlatform } from "../daemon/connect.ts";
import { OWNER } from "./open.ts";

type User = Awaited<ReturnType<typeof usersOf>>[number];

async function usersOf(client: PlatformClient) {
  return (await client.call("users")).items;
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** Role by network as people read it. */
function rolesText(roles: User["roles"]): string {
  const parts = Object.entries(roles).map(
    ([network, role]) => `${ROLE_NAMES[role]} of ${network === "*" ? "all" : network}`,
  );
  return parts.length === 0 ? "no role" : parts.join(", ");
}

/** @throws BystackError USER_NOT_FOUND */
async function userNamed(client: PlatformClient, login: string): Promise<User> {
  const users = await usersOf(client);
  const user = users.find((candidate) => candidate.login === login || candidate.id === login);
  if (user === undefined)
    throw platformError("USER_NOT_FOUND", {
      why: `${login}; there are: ${users.map((candidate) => candidate.login).join(", ") || "none"}`,
    });
  return user;
}

/** The owner that a token is made for when nobody is named; made when this platform has not been opened yet. */
async function ownerOf(client: PlatformClient): Promise<User> {
  const found = (await usersOf(client)).find(({ login }) => login === OWNER);
  if (found !== undefined) return found;
  await client.call("openConsole", { body: { login: OWNER } });
  return userNamed(client, OWNER);
}

export type TokenOptions = { readonly role: Role; readonly days: number; readonly user?: string };

/** Makes a token; its text alone on stdout, so that a script can take it. */
export async function runTokenCreate(context: Context, name: string, options: TokenOptions): Promise<void> {
  const client = await ensurePlatform(context.home);
  const user = await (options.user === undefined ? ownerOf(client) : userNamed(client, options.user));
  const { role, days } = options;
  const network = context.namedNetwork ?? "*";
  const { text, token } = await client.call("createToken", { body: { name, role, days, network, user: user.id } });
  const where = network === "*" ? "every network" : network;
  context.output.progress(
    `${ROLE_NAMES[role]} of ${where}, until ${day(token.expiresAtMs)}. The text is shown this once; end it with: bystack token rm ${token.id}`,
  );
  context.output.result({ url: client.baseUrl, text, token }, text);
}

export async function runTokenList({ home, output }: Context): Promise<void> {
  const client = requirePlatform(home);
  const logins = new Map((await usersOf(client)).map(({ id, login }) => [id, login]));
  const { items } = await client.call("tokens");
  const lines = items.map(
    ({ id, userId, name, role, network, expiresAtMs }) =>
      `${id}  ${name.padEnd(16)} ${rolesText({ [network]: role }).padEnd(20)} ${(logins.get(userId) ?? userId).padEnd(10)} until ${day(expiresAtMs)}`,
  );
  output.result({ items }, lines.length === 0 ? "There are no tokens: bystack token create <name>." : lines.join("\n"));
}

/** @throws BystackError TOKEN_NOT_FOUND */
export async function runTokenRemove({ home, output }: Context, id: string): Promise<void> {
  const client = requirePlatform(home);
  const { items } = await client.call("tokens");
  const named = items.filter((token) => token.id === id || token.name === id);
  const [token, second] = named;
  if (token === undefined || second !== undefined)
    throw platformError("TOKEN_NOT_FOUND", {
      why: second === undefined ? id : `${named.length} tokens are called ${id}: name one by its id`,
    });
  await client.call("removeToken", { params: { user: token.userId, token: token.id } });
  output.result({ removed: token.id }, `${token.name} is good for nothing any more`);
}

export async function runUserList({ home, output }: Context): Promise<void> {
  const client = requirePlatform(home);
  const [users, { items: invites }] = await Promise.all([usersOf(client), client.call("invites")]);
  const lines = [
    ...users.map(({ login, roles, hasPassword, passkeys }) => {
      const ways = [...(hasPassword ? ["password"] : []), ...(passkeys > 0 ? [`${passkeys} passkeys`] : [])];
      return `${login.padEnd(16)} ${rolesText(roles).padEnd(24)} ${ways.join(", ") || "signs in by link"}`;
    }),
    ...invites.map(({ id, name, expiresAtMs }) => `${name.padEnd(16)} invited until ${day(expiresAtMs)} (${id})`),
  ];
  output.result({ users, invites }, lines.length === 0 ? "Nobody has signed in yet: bystack open." : lines.join("\n"));
}

export async function runUserInvite(context: Context, name: string, role: Role): Promise<void> {
  const client = await ensurePlatform(context.home);
  const roles = { [context.namedNetwork ?? "*"]: role };
  const { link, expiresAtMs, id } = await client.call("invite", { body: { name, roles } });
  const url = `${client.baseUrl.replace("//127.0.0.1", "//localhost")}/#k=${link}`;
  context.output.result(
    { id, url, expiresAtMs },
    `${url}\n\nGive it to ${name} alone: it is good once, until ${day(expiresAtMs)}.`,
  );
}

export async function runUserRole({ home, output, namedNetwork }: Context, login: string, role: Role): Promise<void> {
  const client = requirePlatform(home);
  const user = await userNamed(client, login);
  const roles = { ...user.roles, [namedNetwork ?? "*"]: role };
  const changed = await client.call("setRoles", { params: { user: user.id }, body: { roles } });
  output.result(changed, `${user.login}: ${rolesText(changed.roles)}`);
}

export async function runUserRemove({ home, output }: Context, login: string): Promise<void> {
  const client = requirePlatform(home);
  const user = await userNamed(client, login);
  await client.call("removeUser", { params: { user: user.id } });
  output.result({ removed: user.id }, `${user.login} is removed, with sessions, tokens and passkeys`);
}
