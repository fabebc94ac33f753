// What the machine's owner says of the platform on it: <home>/host.json, read at the start. No route can change it: whoever takes
// the platform over must not be able to open it further.

import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { platformError } from "../errors.ts";

const HOST_FILE = z.strictObject({
  /** The address to listen on. */
  address: z
    .string()
    .refine((text) => isIP(text) !== 0, "an IP address")
    .default("127.0.0.1"),
  port: z.number().int().min(1).max(65_535).optional(),
  /** Names by which browsers reach it, beside those of the machine itself. */
  hosts: z.array(z.string().max(253)).max(20).default([]),
  /** Files with the certificate and its key (PEM). */
  tls: z.strictObject({ key: z.string(), cert: z.string() }).optional(),
});
export type HostFile = z.infer<typeof HOST_FILE>;

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1";
}

/**
 * The host file of a home folder; without one the platform listens on loopback alone.
 * @throws BystackError HOST_FILE_INVALID, also for an open address without TLS: passwords would go over the wire as they are
 */
export function readHostFile(home: string): HostFile {
  const path = join(home, "host.json");
  if (!existsSync(path)) return HOST_FILE.parse({});
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    throw platformError("HOST_FILE_INVALID", { why: `${path} is not JSON` });
  }
  const { success, data, error } = HOST_FILE.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    throw platformError("HOST_FILE_INVALID", { why: `${issue?.path.map(String).join(".")}: ${issue?.message}` });
  }
  if (data.tls === undefined && !isLoopback(data.address))
    throw platformError("HOST_FILE_INVALID", {
      why: `it listens on ${data.address}, which others can reach, without TLS: name a key and a certificate under \`tls\``,
    });
  return data;
}
