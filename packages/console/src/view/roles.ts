// Roles in words. Pure.

import { ROLE_NAMES, ROLES, type Role } from "@bystack/api/role";

/** What somebody with a role may do, beyond the role before it. */
export const ROLE_TEXTS: Readonly<Record<Role, string>> = {
  p: "sees chains that are public",
  a: "reads everything, changes nothing",
  d: "also builds and sends transactions",
  o: "also changes networks and nodes",
  w: "also people, restores, deletions",
};

/** Roles that are given to people: whoever is nobody has the first one anyway. */
export const GIVEN_ROLES: readonly Role[] = ROLES.filter((role) => role !== "p");

/** `owner of everything`, `operator of dev, auditor of acme`. */
export function rolesText(roles: Readonly<Record<string, Role>>): string {
  const entries = Object.entries(roles);
  if (entries.length === 0) return "nothing yet";
  return entries
    .map(([network, role]) => `${ROLE_NAMES[role]} of ${network === "*" ? "everything" : network}`)
    .join(", ");
}
