// How a message leaves: a signed POST to a webhook, or an e-mail by SMTP. Both go to the address that was judged and to no other,
// over TLS; the exception is what the host's own file lists. What is said of a failure names the host and a code: never a path,
// a password or the text that the other side has answered.

import { createHmac } from "node:crypto";
import { isIP, Socket } from "node:net";
import type { ChannelDraft } from "@bystack/api/alert-schema";
import { BystackError } from "@bystack/utils/errors";
import { createTransport } from "nodemailer";
import { platformError } from "../errors.ts";
import { type AddressJudge, type Dial, isLoopbackAddress, type Outbound } from "../outbound.ts";
import { formatMessage, type Message } from "./message.ts";

/** Mails on their way at once. */
export const MAILS_MAX = 8;
/** From the resolution to the server's word that it has the mail. */
export const MAIL_TIMEOUT_MS = 20_000;
/** Bytes that a mail server may say. */
export const MAIL_ANSWER_BYTES_MAX = 65_536;
const ANSWER_LOOK_MS = 50;
const SUBJECT_CHARS_MAX = 200;

type WebhookDraft = Extract<ChannelDraft, { kind: "webhook" }>;
type MailDraft = Extract<ChannelDraft, { kind: "email" }>;

/** Sends one message through one channel. @throws BystackError CHANNEL_FAILED, OUTBOUND_REFUSED, OUTBOUND_FAILED, OUTBOUND_BUSY */
export type Send = (draft: ChannelDraft, message: Message) => Promise<void>;

const failed = (why: string): BystackError => platformError("CHANNEL_FAILED", { why });

/** HMAC-SHA256 over the time and the body: whoever knows the secret sees that it is ours, and how old it is. */
export function signatureOf(secret: string, atMs: number, body: string): string {
  return `t=${atMs},v1=${createHmac("sha256", secret).update(`${atMs}.${body}`).digest("hex")}`;
}

export function webhookSender(outbound: Outbound, nowMs: () => number) {
  return async (draft: WebhookDraft, message: Message): Promise<void> => {
    const body = JSON.stringify({ schemaVersion: 1, ...message });
    const { status } = await outbound({
      url: draft.url,
      method: "POST",
      headers: {
        "content-type": "application/json",
        // The same at every attempt: who gets it twice can tell.
        "bystack-message": message.id,
        "bystack-signature": signatureOf(draft.secret, nowMs(), body),
      },
      body: Buffer.from(body),
    });
    const host = new URL(draft.url).hostname;
    if (status >= 300 && status < 400) throw failed(`${host} leads elsewhere (${status}), and that is not followed`);
    if (status < 200 || status >= 300) throw failed(`${host} answered ${status}`);
  };
}

export type MailPorts = {
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly dial: Dial;
  readonly judge: AddressJudge;
  readonly after: (delayMs: number, run: () => void) => () => void;
  /** Certificates that are trusted instead of the system's, for tests. */
  readonly ca?: readonly string[];
};

async function connect(draft: MailDraft, ports: MailPorts, signal: AbortSignal): Promise<Socket> {
  const { host, port, security } = draft;
  const answers = isIP(host) === 0 ? await ports.resolve(host) : [host];
  signal.throwIfAborted();
  const origin = `smtp://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const address = ports.judge({ origin, host }, answers);
  if (security === "none" && !isLoopbackAddress(address))
    throw platformError("OUTBOUND_REFUSED", { why: `${host} is another machine: a mail goes there over TLS alone` });
  const socket = await ports.dial({ address, port, tlsName: security === "tls" ? host : undefined, signal });
  if (socket instanceof Socket) return socket;
  throw new TypeError("invariant broken: a dialled connection is a socket");
}

function transportOf(draft: MailDraft, connection: Socket, ports: MailPorts) {
  const { host, port, security, user, password } = draft;
  const isTls = security === "tls";
  return createTransport({
    host,
    port,
    connection,
    secure: isTls,
    secured: isTls,
    requireTLS: security === "starttls",
    ignoreTLS: security === "none",
    tls: { ...(isIP(host) === 0 && { servername: host }), ...(ports.ca && { ca: [...ports.ca] }) },
    ...(user !== null && { auth: { user, pass: password ?? "" } }),
    connectionTimeout: MAIL_TIMEOUT_MS,
    greetingTimeout: MAIL_TIMEOUT_MS,
    socketTimeout: MAIL_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

/** What may be said of a failure of the library: its code and the server's number, never the server's words. */
function reasonOf(host: string, error: unknown): BystackError {
  if (error instanceof BystackError) return error;
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "no answer";
  const number = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : Number.NaN;
  const told = Number.isInteger(number) ? `${code}, it answered ${number}` : code;
  return failed(`${host}: ${told.slice(0, 60)}`);
}

async function sendMail(draft: MailDraft, message: Message, ports: MailPorts, signal: AbortSignal): Promise<void> {
  const socket = await connect(draft, ports, signal);
  const stop = (): void => void socket.destroy();
  signal.addEventListener("abort", stop, { once: true });
  const place = message.network === "*" ? "platform" : message.network;
  try {
    await transportOf(draft, socket, ports).sendMail({
      from: draft.from,
      to: [...draft.to],
      subject: `[bystack ${place}] ${message.title}`.replace(/\s+/g, " ").slice(0, SUBJECT_CHARS_MAX),
      text: formatMessage(message),
      // The same at every attempt: mail programs show it once.
      messageId: `<${message.id}.${place}.${message.atMs}@bystack.invalid>`,
      headers: { "Auto-Submitted": "auto-generated" },
    });
  } finally {
    signal.removeEventListener("abort", stop);
    socket.destroy();
  }
}

/** The library reads lines of any length: who says too much is cut off. */
function guarded(ports: MailPorts, onTooMuch: () => void): MailPorts {
  const watch = (socket: Socket): void => {
    if (socket.destroyed) return;
    if (socket.bytesRead > MAIL_ANSWER_BYTES_MAX) {
      onTooMuch();
      socket.destroy();
    } else ports.after(ANSWER_LOOK_MS, () => watch(socket));
  };
  const dial: Dial = async (target) => {
    const socket = await ports.dial(target);
    if (socket instanceof Socket) watch(socket);
    return socket;
  };
  return { ...ports, dial };
}

export function mailSender(ports: MailPorts) {
  let mails = 0;
  return async (draft: MailDraft, message: Message): Promise<void> => {
    if (mails >= MAILS_MAX) throw platformError("OUTBOUND_BUSY", { why: `${mails} mails are on their way` });
    mails += 1;
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    const cancel = ports.after(MAIL_TIMEOUT_MS, () => {
      late.reject(failed(`${draft.host} took more than ${MAIL_TIMEOUT_MS / 1000} s`));
      abort.abort();
    });
    const bounded = guarded(ports, () => late.reject(failed(`${draft.host} says more than 64 KB`)));
    try {
      await Promise.race([sendMail(draft, message, bounded, abort.signal), late.promise]);
    } catch (error) {
      throw reasonOf(draft.host, error);
    } finally {
      cancel();
      abort.abort();
      mails -= 1;
    }
  };
}

/** Both kinds as one. */
export function createSend(parts: {
  readonly outbound: Outbound;
  readonly mail: MailPorts;
  readonly nowMs: () => number;
}): Send {
  const webhook = webhookSender(parts.outbound, parts.nowMs);
  const mail = mailSender(parts.mail);
  return (draft, message) => (draft.kind === "webhook" ? webhook(draft, message) : mail(draft, message));
}
