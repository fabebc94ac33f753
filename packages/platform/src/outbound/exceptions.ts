// The host's own file of exceptions for outbound calls: one line names one origin and the addresses that it may have. The
// platform cannot write it; whoever takes the platform over cannot widen it. A line that is not understood is refused with the
// whole file: half a list of exceptions is another list.
//
//   # alert manager in the cluster
//   http://alerts.internal:9093   10.20.0.0/16 fd00:20::/64

import { platformError } from "../errors.ts";
import { type AddressRange, holdsNoHost, parseRange } from "./addresses.ts";

/** Characters of the file. */
export const EXCEPTIONS_CHARS_MAX = 65_536;
/** Origins that it names. */
export const EXCEPTIONS_MAX = 200;
/** Ranges of one origin. */
export const EXCEPTION_RANGES_MAX = 16;

/** Addresses by origin (`https://name:port`, the scheme's own port left out). */
export type Exceptions = ReadonlyMap<string, readonly AddressRange[]>;

export const NO_EXCEPTIONS: Exceptions = new Map();

function parseOrigin(text: string): string | undefined {
  // A mail server is named as it is called: its port is always written.
  if (/^smtp:\/\/(?:[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,45}\]):[1-9][0-9]{0,4}$/.test(text)) return text;
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const { origin } = new URL(text);
  // As it is compared later: a name with a path, a user or capitals would never match, or match what was not meant.
  return origin === text ? origin : undefined;
}

/** @throws BystackError OUTBOUND_EXCEPTIONS with the number of the line */
export function parseExceptions(text: string): Exceptions {
  const refuse = (line: number, why: string) =>
    platformError("OUTBOUND_EXCEPTIONS", { why: `line ${line}: ${why}`, details: { line } });
  if (text.length > EXCEPTIONS_CHARS_MAX) throw refuse(1, `the file has ${text.length} characters`);
  const exceptions = new Map<string, AddressRange[]>();
  for (const [i, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [first = "", ...rest] = line.split(/[ \t]+/);
    const origin = parseOrigin(first);
    if (origin === undefined) throw refuse(i + 1, "it begins with no origin such as https://name:8443");
    if (exceptions.has(origin)) throw refuse(i + 1, "the origin has a line already");
    if (exceptions.size >= EXCEPTIONS_MAX) throw refuse(i + 1, `more than ${EXCEPTIONS_MAX} origins`);
    if (rest.length === 0 || rest.length > EXCEPTION_RANGES_MAX)
      throw refuse(i + 1, `1 to ${EXCEPTION_RANGES_MAX} addresses belong behind the origin`);
    const ranges = rest.map((written) => {
      const range = parseRange(written);
      if (range === undefined) throw refuse(i + 1, "an address is written as 10.0.0.0/8, 10.1.2.3 or fd00::/8");
      if (holdsNoHost(range)) throw refuse(i + 1, "no host has that address");
      return range;
    });
    exceptions.set(origin, ranges);
  }
  return exceptions;
}
