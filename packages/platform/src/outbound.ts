// Calls from the platform to addresses that users have typed (webhooks), such that they reach the public internet and nothing
// inside (platform.md section 5, "SSRF"). The name is resolved once, every answer must be public, the connection goes to the
// address that was judged and not to the name, and the certificate must still be the name's. No redirect is followed.
// Errors name the host alone: the path of a webhook is often its secret.

import { request } from "node:http";
import { connect as connectPlain, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { BystackError } from "@bystack/utils/errors";
import { platformError } from "./errors.ts";
import { isInRange, isPublicAddress, LOOPBACK, parseAddress } from "./outbound/addresses.ts";
import type { Exceptions } from "./outbound/exceptions.ts";

/** Bytes of an answer, and of what is sent. */
export const OUTBOUND_BYTES_MAX = 65_536;
/** Answers of one resolution that are judged; a name with more is refused. */
export const OUTBOUND_ADDRESSES_MAX = 32;
/** Calls under way at once. */
export const OUTBOUND_CALLS_MAX = 64;
/** Characters of a URL. */
export const OUTBOUND_URL_CHARS_MAX = 2_048;
/** From the resolution to the last byte of the answer. */
export const OUTBOUND_TIMEOUT_MS = 5_000;

/** Where to connect: `tlsName` is what the certificate must be for, undefined without TLS. */
export type DialTarget = {
  readonly address: string;
  readonly port: number;
  readonly tlsName: string | undefined;
  readonly signal: AbortSignal;
};
/** Resolves with a connection that is ready to be written to, its certificate checked. */
export type Dial = (target: DialTarget) => Promise<Duplex>;

export type OutboundOptions = {
  /** All addresses of a name. */
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly dial: Dial;
  /** Runs once after a delay; the result cancels it. */
  readonly after: (delayMs: number, run: () => void) => () => void;
  readonly exceptions: Exceptions;
};

export type OutboundCall = {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
};
export type OutboundAnswer = { readonly status: number; readonly body: Uint8Array };
export type Outbound = (call: OutboundCall) => Promise<OutboundAnswer>;

const refused = (why: string): BystackError => platformError("OUTBOUND_REFUSED", { why });
const failed = (why: string): BystackError => platformError("OUTBOUND_FAILED", { why });

/** What `URL` made of the text: numbers in any form are four decimal ones by now, and the name is in lower case. */
function parseTarget(text: string): URL {
  if (text.length > OUTBOUND_URL_CHARS_MAX || !URL.canParse(text)) throw refused("this is no URL");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused("only https is called");
  if (url.username !== "" || url.password !== "") throw refused("the URL carries a user name or a password");
  return url;
}

/** Says to which of a name's addresses one may connect. @throws BystackError OUTBOUND_REFUSED, OUTBOUND_FAILED */
export type AddressJudge = (
  target: { readonly origin: string; readonly host: string },
  answers: readonly string[],
) => string;

/** By the host's exceptions, for calls that are not HTTP. */
export function createAddressJudge(exceptions: Exceptions): AddressJudge {
  return (target, answers) => chooseAddress(target, answers, exceptions);
}

export function isLoopbackAddress(text: string): boolean {
  const address = parseAddress(text);
  return address !== undefined && LOOPBACK.some((range) => isInRange(address, range));
}

/** The one address to connect to. @throws BystackError OUTBOUND_REFUSED when any answer is not allowed */
function chooseAddress(
  { origin, host }: { readonly origin: string; readonly host: string },
  answers: readonly string[],
  exceptions: Exceptions,
): string {
  const listed = exceptions.get(origin);
  if (answers.length > OUTBOUND_ADDRESSES_MAX) throw refused(`${host} has ${answers.length} addresses`);
  for (const answer of answers) {
    const address = parseAddress(answer);
    // One inside among public ones is how a name is rebound: none of them is called.
    const isAllowed =
      address !== undefined &&
      (listed === undefined ? isPublicAddress(address) : listed.some((range) => isInRange(address, range)));
    if (!isAllowed) throw refused(`${host} has an address that is not public`);
  }
  const [first] = answers;
  if (first === undefined) throw failed(`${host} has no address`);
  return first;
}

function exchange(socket: Duplex, url: URL, call: OutboundCall, signal: AbortSignal): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const path = `${url.pathname}${url.search}`;
    const headers = { ...call.headers, host: url.host, "content-length": String(call.body?.length ?? 0) };
    // With an agent, even `false`, `createConnection` would be passed over and the name be called after all.
    const sent = request({ method: call.method, path, headers, createConnection: () => socket, signal });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes <= OUTBOUND_BYTES_MAX) return void parts.push(part);
        // Rejected here: the end may have been parsed already, and destroying would come too late to be seen.
        reject(failed(`${url.hostname} answers more than 64 KB`));
        sent.destroy();
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    });
    sent.end(call.body);
  });
}

/** Only a name that is resolved by nobody can be called without the resolver. */
function literalOf(hostname: string): string | undefined {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

/**
 * Makes the function through which every outbound call goes.
 * It throws OUTBOUND_REFUSED for what may not be called, OUTBOUND_FAILED for what did not answer.
 */
export function createOutbound(options: OutboundOptions): Outbound {
  let calls = 0;

  async function run(call: OutboundCall, url: URL, signal: AbortSignal): Promise<OutboundAnswer> {
    const literal = literalOf(url.hostname);
    const answers = literal === undefined ? await options.resolve(url.hostname) : [literal];
    signal.throwIfAborted();
    const address = chooseAddress({ origin: url.origin, host: url.hostname }, answers, options.exceptions);
    const isTls = url.protocol === "https:";
    const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
    const tlsName = isTls ? (literal ?? url.hostname.replace(/\.$/, "")) : undefined;
    const socket = await options.dial({ address, port, tlsName, signal });
    try {
      return await exchange(socket, url, call, signal);
    } finally {
      socket.destroy();
    }
  }

  return async (call) => {
    const url = parseTarget(call.url);
    if (url.protocol === "http:" && !options.exceptions.has(url.origin)) throw refused("only https is called");
    if ((call.body?.length ?? 0) > OUTBOUND_BYTES_MAX) throw refused("more than 64 KB are to be sent");
    if (calls >= OUTBOUND_CALLS_MAX) throw platformError("OUTBOUND_BUSY", { why: `${calls} calls are under way` });
    calls += 1;
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    const cancel = options.after(OUTBOUND_TIMEOUT_MS, () => {
      late.reject(failed(`${url.hostname} took more than ${OUTBOUND_TIMEOUT_MS / 1000} s`));
      abort.abort();
    });
    try {
      // Raced, not only aborted: a resolver does not listen to signals.
      return await Promise.race([run(call, url, abort.signal), late.promise]);
    } catch (error) {
      if (error instanceof BystackError) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "no answer";
      throw failed(`${url.hostname}: ${code}`);
    } finally {
      cancel();
      abort.abort();
      calls -= 1;
    }
  };
}

/** Real connections. @param ca certificates that are trusted instead of the system's, for tests */
export function createDial(ca?: readonly string[]): Dial {
  return ({ address, port, tlsName, signal }) =>
    new Promise((resolve, reject) => {
      const isName = tlsName !== undefined && isIP(tlsName) === 0;
      const socket =
        tlsName === undefined
          ? connectPlain({ host: address, port })
          : // Without `servername` the certificate is checked against the address itself.
            connectTls({ host: address, port, ...(isName && { servername: tlsName }), ...(ca && { ca: [...ca] }) });
      const stop = (): void => void socket.destroy(new Error("aborted"));
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop, { once: true });
      socket.once("error", reject);
      socket.once("close", () => signal.removeEventListener("abort", stop));
      socket.once(tlsName === undefined ? "connect" : "secureConnect", () => {
        socket.off("error", reject);
        // From here on the request listens; in between an error must not end the process.
        socket.on("error", () => {});
        resolve(socket);
      });
    });
}
