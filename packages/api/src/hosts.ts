// Which Host and Origin a server answers to, for node ports and the platform alike (platform.md section 5, "Rebinding"). A page
// of another site can reach loopback ports by a name that it has bound anew; it can forge neither Host nor Origin. What is not
// in exactly the form that a browser sends is refused, never repaired, but for case, one trailing dot and the digits of IPv6.

import { isIPv6 } from "node:net";

/** Characters of a Host that are looked at: a DNS name has 253, and a port comes behind it. */
export const HOST_CHARS_MAX = 261;
/** The names of the machine itself, as entries of a list of allowed hosts. */
export const LOOPBACK_HOSTS: readonly string[] = ["127.0.0.1", "localhost", "[::1]"];

const AUTHORITY = /^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)(?::([0-9]{1,5}))?$/;
const ORIGIN = /^(https?):\/\/([^/?#@\\]+)$/;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** `name` as a list has it, without the trailing dot; an IPv6 address in brackets and in its shortest form. */
export type HostAndPort = { readonly name: string; readonly port: number | undefined };

/** @returns undefined for what no browser sends as a Host */
export function parseHost(header: string | undefined): HostAndPort | undefined {
  if (header === undefined || header.length > HOST_CHARS_MAX) return undefined;
  const [, written, digits] = AUTHORITY.exec(header.toLowerCase()) ?? [];
  if (written === undefined) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (!written.startsWith("[")) return { name: written.replace(/\.$/, ""), port };
  if (!isIPv6(written.slice(1, -1))) return undefined;
  return { name: new URL(`http://${written}`).hostname, port };
}

/** A request without a port means the scheme's own; behind a proxy the scheme is not known here. */
function isListed(found: HostAndPort, ports: readonly number[], allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const listed = parseHost(entry);
    if (listed === undefined || listed.name !== found.name) return false;
    if (listed.port === undefined) return true;
    return found.port === undefined ? ports.includes(listed.port) : found.port === listed.port;
  });
}

/** @param allowed names, each for all ports or as `name:port` for one */
export function isHostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  const found = parseHost(header);
  return found !== undefined && isListed(found, Object.values(DEFAULT_PORTS), allowed);
}

/** Programs send no Origin; a page whose origin is `null` is nobody's. */
export function isOriginAllowed(origin: string | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined) return true;
  const [, scheme = "", authority] = ORIGIN.exec(origin) ?? [];
  const found = parseHost(authority);
  const port = DEFAULT_PORTS[scheme];
  return found !== undefined && port !== undefined && isListed(found, [port], allowed);
}

/** Both headers of one request. */
export function isCallAllowed(
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowed: readonly string[],
): boolean {
  return isHostAllowed(headers.host, allowed) && isOriginAllowed(headers.origin, allowed);
}
