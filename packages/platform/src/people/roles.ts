// Roles (platform.md section 4): each includes those before it. A person has them by network; `*` is for all networks and for
// what belongs to none (people, tenants).

import { ROLE_NAMES, ROLES, type Role } from "@bystack/api/role";

export { ROLE_NAMES, ROLES, type Role };

/** The least role for each sort of thing to do. */
export const NEEDED = {
  explore: "p",
  read: "a",
  build: "d",
  submit: "d",
  anchor: "d",
  app: "d",
  network: "o",
  node: "o",
  backup: "o",
  alert: "o",
  people: "w",
  restore: "w",
  delete: "w",
} as const satisfies Readonly<Record<string, Role>>;

export const ALL_NETWORKS = "*";
/** Role by network, or by {@link ALL_NETWORKS}. */
export type Roles = Readonly<Record<string, Role>>;

export function isAllowed(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function lowerRole(a: Role, b: Role): Role {
  return isAllowed(a, b) ? b : a;
}

function own(roles: Roles, network: string): Role {
  // A network may be called `constructor`.
  return (Object.hasOwn(roles, network) ? roles[network] : undefined) ?? "p";
}

/** @param network undefined for what belongs to no network */
export function roleIn(roles: Roles, network: string | undefined): Role {
  const everywhere = own(roles, ALL_NETWORKS);
  if (network === undefined || network === ALL_NETWORKS) return everywhere;
  const here = own(roles, network);
  return isAllowed(here, everywhere) ? here : everywhere;
}

/** What is left of roles under a limit, for one network or for all: a token is never more than its maker. */
export function limitRoles(roles: Roles, limit: Role, network: string): Roles {
  if (network !== ALL_NETWORKS) return { [network]: lowerRole(limit, roleIn(roles, network)) };
  return Object.fromEntries(Object.entries(roles).map(([name, role]) => [name, lowerRole(limit, role)]));
}

export function isOwner(roles: Roles): boolean {
  return roleIn(roles, undefined) === "w";
}
