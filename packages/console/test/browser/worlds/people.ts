// People, tokens and the audit log of a platform that has been used for a while.

import { type Answers, hashOf, MINUTE_MS, OWNER } from "./world.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;
const NAMES = [
  ["ada", "Ada Lovelace"],
  ["grace", "Grace Hopper"],
  ["alan", "Alan Turing"],
] as const;

const ROUTES = ["apply", "signInPassword", "inviteCreate", "restartNode", "tokenCreate", "stopNetwork"];

const rows = Array.from({ length: 23 }, (_, i) => {
  const seq = 23 - i;
  const isDenied = seq % 7 === 0;
  return {
    seq,
    atMs: Date.now() - i * 11 * MINUTE_MS,
    actorId: isDenied ? "public" : "u00000000000000a1",
    via: isDenied ? "none" : "session",
    route: ROUTES[seq % ROUTES.length] ?? "apply",
    target: seq % 3 === 0 ? "dev/demo-3" : "dev",
    outcome: isDenied ? "SIGN_IN_FAILED" : "ok",
    requestHash: hashOf(`request ${seq}`),
    prev: hashOf(`line ${seq - 1}`),
    hash: hashOf(`line ${seq}`),
  };
});

/** @param isUsed false: one owner, nothing else */
export function peopleAnswers(isUsed: boolean): Answers {
  const people = isUsed ? NAMES : NAMES.slice(0, 1);
  return {
    me: () => OWNER,
    users: () => ({
      items: people.map(([login, name], i) => ({
        id: `u00000000000000a${i + 1}`,
        login,
        name,
        roles: i === 0 ? { "*": "w" as const } : { dev: "o" as const, ...(i === 2 && { "*": "a" as const }) },
        createdAtMs: Date.now() - (30 - i) * DAY_MS,
        hasPassword: i !== 1,
        passkeys: i === 0 ? 1 : 0,
      })),
    }),
    invites: () => ({
      items: isUsed
        ? [
            {
              id: "l0000000000000001",
              name: "Barbara Liskov",
              roles: { "*": "a" as const },
              madeBy: "u00000000000000a1",
              createdAtMs: Date.now() - DAY_MS,
              expiresAtMs: Date.now() + 6 * DAY_MS,
            },
          ]
        : [],
    }),
    invite: () => ({ id: "l0000000000000002", link: "byl_0000000000000000", expiresAtMs: Date.now() + 7 * DAY_MS }),
    tokens: () => ({
      items: isUsed
        ? [
            {
              id: "t0000000000000001",
              userId: "u00000000000000a1",
              name: "nightly report",
              role: "a" as const,
              network: "*" as const,
              createdAtMs: Date.now() - DAY_MS,
              expiresAtMs: Date.now() + 29 * DAY_MS,
            },
          ]
        : [],
    }),
    audit: () => ({ items: isUsed ? rows : [], next: isUsed ? "0000000000000001" : null }),
    auditHead: () => (isUsed ? { seq: 23, hash: hashOf("line 23") } : { seq: 0, hash: "0".repeat(64) }),
  };
}
