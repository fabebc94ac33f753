// Roles of people (platform.md section 4): each includes those before it. A route names the least one that it needs.

/** From the least to the most. */
export const ROLES = ["p", "a", "d", "o", "w"] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_NAMES: Readonly<Record<Role, string>> = {
  p: "public",
  a: "auditor",
  d: "developer",
  o: "operator",
  w: "owner",
};
