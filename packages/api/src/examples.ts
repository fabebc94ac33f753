// Examples of the platform's routes, as its documentation shows them: on the network that `npm start` makes they work as they are.

import type { PLATFORM_ROUTES } from "./platform/routes.ts";
import { hasBody, type Route } from "./route.ts";

const HASH = "5b168465ef88c8c1f13a73fbd9b66407998ae182dd9901dee0d5bfadf1ff0963";

/** Parameters in paths and queries, by name. */
const PARAMETERS: Readonly<Record<string, string>> = {
  network: "dev",
  chain: "demo",
  node: "demo-1",
  operation: "1",
  preset: "dev",
  ref: "tip",
  id: HASH,
  nullifier: HASH,
  asset: "f".repeat(64),
  address: "sp1q3kft3wh8qpgwjz988ac8t7wcg830g79w874775",
  text: "demo",
  recipient: "00148d92b8bae7005c4908a6f71e60f9f841c68f2a2b",
  epoch: "now",
  number: "0",
  backup: "demo-7",
  alert: "halted.demo",
  channel: "c0123456789abcdef",
  passkey: HASH,
  key: `${HASH}${HASH}`,
  user: "u0123456789abcdef",
  token: "t0123456789abcdef",
  invite: "l0123456789abcdef",
};

const order = { from: "alice", to: "bob", asset: "BTM", amount: "1.5" };
const definition = "# the whole file, as `bystack up` writes it\n";

/** Bodies that are not simply empty, by route. */
const BODIES: Partial<Record<keyof typeof PLATFORM_ROUTES, unknown>> = {
  openConsole: { login: "admin" },
  signInByLink: { link: "default.l0123456789abcdef.0123456789abcdef0123456789abcdef" },
  signInByPassword: { login: "admin", password: "four random words here" },
  signInByPasskey: { answer: {} },
  stepUp: { password: "four random words here" },
  setPassword: { password: "four random words here" },
  addPasskey: { name: "laptop", answer: {} },
  createToken: { name: "build server", role: "d", network: "dev", days: 90 },
  setRoles: { roles: { dev: "o" } },
  invite: { name: "Dee, auditor", roles: { "*": "a" } },
  plan: { definition },
  apply: { definition, planHash: HASH },
  pay: order,
  pegIn: order,
  pegOut: order,
  perturbNode: { how: "kill" },
  setAlertRules: { rules: [{ rule: "halted", enabled: true, holdMs: 10_000 }] },
  silenceAlert: { minutes: 60, why: "a disk is changed" },
  createChannel: {
    kind: "webhook",
    name: "night desk",
    network: "*",
    url: "https://hooks.example/x",
    secret: "sixteen characters",
  },
  createBackup: { chain: "demo" },
  restoreBackup: { node: "demo-1" },
  deleteChain: { confirm: "demo" },
  "chain.submit": { raw: "07010000" },
  "chain.outputs": { programs: ["00148d92b8bae7005c4908a6f71e60f9f841c68f2a2b"] },
  "chain.announce": { recipient: "00148d92b8bae7005c4908a6f71e60f9f841c68f2a2b" },
};

export function exampleOfParameter(name: string): string | undefined {
  return PARAMETERS[name];
}

/** @returns undefined for routes without a body */
export function exampleOfBody(id: string, route: Route): unknown {
  if (!hasBody(route)) return undefined;
  return (BODIES as Readonly<Record<string, unknown>>)[id] ?? {};
}
