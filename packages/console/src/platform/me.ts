// Who is signed in, what they may do, and the renewal of their session before it gets old.

import { ROLES, type Role } from "@bystack/api/role";
import { useEffect } from "react";
import { call, type Reply } from "./api.ts";
import { type Read, useRead } from "./queries.ts";
import { keepSession } from "./session.ts";

export type Me = Reply<"me">;

/** Sessions end after 30 minutes without use; whoever has the page open is using it. */
const ASK_EVERY_MS = 4 * 60_000;

export function useMe(): Read<Me> {
  return useRead("me", {}, { refreshMs: ASK_EVERY_MS });
}

/** One tab renews for all of them: the others find the new half in the store that they share. */
async function rotate(): Promise<void> {
  const renew = async (): Promise<void> => keepSession((await call("rotateSession")).header);
  // Locks need a secure context; without them two tabs may ask at once, and the second is told that its halves are old.
  if (!("locks" in navigator)) return renew();
  await navigator.locks.request("bystack.rotate", { ifAvailable: true }, async (lock) => {
    if (lock !== null) await renew();
  });
}

export function useRotation(me: Me | undefined): void {
  const isDue = me?.via === "session" && me.rotationDue;
  useEffect(() => {
    // A refusal shows with the next call, which says why.
    if (isDue) rotate().catch(() => undefined);
  }, [isDue]);
}

/** Names of whoever did something, as far as one may know them: of oneself always, of others as an owner. */
export function useNames(): (actorId: string) => string {
  const { data: me } = useMe();
  const { data: users } = useRead("users", {}, { enabled: hasRole(me, "w") });
  return (actorId) => {
    if (actorId === me?.userId) return me.login ?? actorId;
    if (actorId === "local") return "command line";
    return users?.items.find(({ id }) => id === actorId)?.login ?? actorId;
  };
}

/** Whether somebody has a role, or a higher one, in a network or (`*`) in all of them. */
export function hasRole(me: Pick<Me, "roles"> | undefined, role: Role, network = "*"): boolean {
  const own = [me?.roles["*"], me?.roles[network]].map((given) => (given === undefined ? 0 : ROLES.indexOf(given)));
  return Math.max(...own) >= ROLES.indexOf(role);
}
