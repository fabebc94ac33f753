// What leaves the platform, on real sockets of loopback: webhooks are signed, mail goes over TLS or not at all, and whoever is at the
// other end (slow, leading elsewhere, talking without end, hanging up, lying about TLS) is told nothing more and harms nothing.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, describe, test } from "node:test";
import { createSecureContext, TLSSocket } from "node:tls";
import type { ChannelDraft } from "@bystack/api/alert-schema";
import { createAddressJudge, createDial, createOutbound, type OutboundOptions } from "@bystack/platform/outbound";
import { NO_EXCEPTIONS, parseExceptions } from "@bystack/platform/outbound/exceptions";
import { BystackError } from "@bystack/utils/errors";
import { MESSAGE, type Message } from "../src/alert/message.ts";
import { MAIL_ANSWER_BYTES_MAX, mailSender, signatureOf, webhookSender } from "../src/alert/send.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";

const SECRET = "CANARYsecretOfAWebhook";
const PASSWORD = "CANARYpassword";
const servers: Server[] = [];
const sockets = new Set<Socket>();
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const message: Message = MESSAGE.parse({
  id: "0000000000000001",
  network: "dev",
  atMs: 1_700_000_000_000,
  title: "demo has stopped",
  active: [],
  resolved: [],
  more: 0,
});

/** Time that a test lets pass by hand: every deadline is over when it says so. */
class Deadlines {
  readonly #runs: (() => void)[] = [];
  readonly after = (delayMs: number, run: () => void): (() => void) => {
    if (delayMs < 1_000) {
      // The look at how much a server has said.
      const timer = setTimeout(run, 1);
      return () => clearTimeout(timer);
    }
    this.#runs.push(run);
    return () => {};
  };
  pass(): void {
    for (const run of this.#runs.splice(0)) run();
  }
}

const resolve = async (): Promise<string[]> => ["127.0.0.1"];
const whyOf = (error: unknown): string =>
  error instanceof BystackError ? `${error.code} ${error.why}` : String(error);

async function failure(run: Promise<void>): Promise<string> {
  const text = await run.then(() => "it was sent", whyOf);
  assert.ok(!text.includes("CANARY"), text);
  return text;
}

describe("webhooks", () => {
  async function hook(answer: RequestListener, deadlines = new Deadlines()) {
    const port = await listen(createHttpServer(answer));
    const url = `http://hook.test:${port}/CANARYpath`;
    const options: OutboundOptions = {
      resolve,
      dial: createDial(),
      after: deadlines.after,
      exceptions: parseExceptions(`http://hook.test:${port} 127.0.0.1`),
    };
    const draft = { kind: "webhook", name: "x", network: "*", url, secret: SECRET } as const;
    return { draft, send: webhookSender(createOutbound(options), () => 5), options };
  }

  test("are signed over their time and their body", async () => {
    let seen = { body: "", signature: "", id: "" };
    const { draft, send } = await hook((request, response) => {
      let body = "";
      request.on("data", (part) => {
        body += String(part);
      });
      request.on("end", () => {
        const { "bystack-signature": signature, "bystack-message": id } = request.headers;
        seen = { body, signature: String(signature), id: String(id) };
        response.end();
      });
    });
    await send(draft, message);
    const v1 = createHmac("sha256", SECRET).update(`5.${seen.body}`).digest("hex");
    assert.deepEqual([seen.signature, seen.id], [`t=5,v1=${v1}`, message.id]);
    assert.equal((JSON.parse(seen.body) as Message).title, message.title);
    assert.notEqual(signatureOf(SECRET, 6, seen.body), seen.signature);
  });

  test("that lead elsewhere, refuse, hang up, or answer without end are failures in words that hold no secret", async () => {
    const cases: [RequestListener, RegExp][] = [
      [
        (_, response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end(),
        /leads elsewhere \(302\)/,
      ],
      [(_, response) => response.writeHead(500).end("CANARY"), /hook\.test answered 500/],
      [(request) => request.socket.destroy(), /^OUTBOUND_FAILED hook\.test/],
      [(_, response) => response.end(Buffer.alloc(1 << 20)), /more than 64 KB/],
    ];
    for (const [answer, expected] of cases) {
      const { draft, send } = await hook(answer);
      assert.match(await failure(send(draft, message)), expected);
    }
  });

  test("that never answer end with the deadline", async () => {
    const deadlines = new Deadlines();
    const { draft, send } = await hook(() => deadlines.pass(), deadlines);
    assert.match(await failure(send(draft, message)), /took more than 5 s/);
  });

  test("inside the host's network are refused unless its file lists them", async () => {
    const { draft, options } = await hook(() => assert.fail("it was called"));
    const send = webhookSender(createOutbound({ ...options, exceptions: NO_EXCEPTIONS }), () => 5);
    assert.match(
      await failure(send({ ...draft, url: draft.url.replace("http:", "https:") }, message)),
      /OUTBOUND_REFUSED/,
    );
  });
});

type Says = {
  readonly greeting?: string;
  readonly ehlo?: readonly string[];
  readonly auth?: string;
  readonly isTls?: boolean;
};
type Mailbox = { readonly lines: string[]; readonly mails: string[]; isEncrypted: boolean };

/** A mail server of a few lines, as far as one mail needs it. */
function mailServer(says: Says, box: Mailbox): Server {
  const context = createSecureContext({ key: KEY, cert: CERTIFICATE });
  const talk = (socket: Socket): void => {
    let rest = "";
    let isBody = false;
    const onData = (part: Buffer): void => {
      rest += part.toString("latin1");
      for (;;) {
        const end = rest.indexOf(isBody ? "\r\n.\r\n" : "\r\n");
        if (end < 0) return;
        const line = rest.slice(0, end);
        rest = rest.slice(end + (isBody ? 5 : 2));
        if (isBody) {
          isBody = false;
          box.mails.push(line);
          socket.write("250 taken\r\n");
          continue;
        }
        box.lines.push(line);
        const verb = line.split(" ", 1)[0]?.toUpperCase();
        if (verb === "STARTTLS" && says.ehlo?.includes("STARTTLS") !== true) socket.write("502 not here\r\n");
        else if (verb === "STARTTLS") {
          socket.write("220 go\r\n");
          socket.off("data", onData);
          const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
          secure.on("error", () => {});
          box.isEncrypted = true;
          talk(secure);
          return;
        } else if (verb === "EHLO") {
          const words = ["mail.test", ...(says.ehlo ?? [])].filter((word) => !(box.isEncrypted && word === "STARTTLS"));
          socket.write(`${words.map((word, i) => `250${i === words.length - 1 ? " " : "-"}${word}`).join("\r\n")}\r\n`);
        } else if (verb === "AUTH") socket.write(`${says.auth ?? "235 in"}\r\n`);
        else if (verb === "DATA") {
          isBody = true;
          socket.write("354 go on\r\n");
        } else socket.write("250 ok\r\n");
      }
    };
    socket.on("data", onData);
  };
  return createServer((socket) => {
    socket.on("error", () => {});
    const open = says.isTls ? new TLSSocket(socket, { isServer: true, secureContext: context }) : socket;
    open.on("error", () => {});
    if (says.isTls) box.isEncrypted = true;
    open.write(says.greeting ?? "220 mail.test\r\n");
    talk(open);
  });
}

type MailDraft = Extract<ChannelDraft, { kind: "email" }>;

describe("mail", () => {
  async function mail(says: Says, parts: Partial<MailDraft> = {}, listed = true) {
    const box: Mailbox = { lines: [], mails: [], isEncrypted: false };
    const host = parts.host ?? "hook.test";
    const port = await listen(mailServer(says, box));
    const deadlines = new Deadlines();
    const send = mailSender({
      resolve,
      dial: createDial([CERTIFICATE]),
      judge: createAddressJudge(listed ? parseExceptions(`smtp://${host}:${port} 127.0.0.1`) : NO_EXCEPTIONS),
      after: deadlines.after,
      ca: [CERTIFICATE],
    });
    const draft: MailDraft = {
      kind: "email",
      name: "x",
      network: "*",
      host,
      port,
      security: "starttls",
      user: "ops",
      password: PASSWORD,
      from: "bystack@hook.test",
      to: ["ann@hook.test"],
      ...parts,
    };
    return { box, draft, send, deadlines };
  }
  const AUTH = ["STARTTLS", "AUTH PLAIN"];

  test("goes by STARTTLS and by TLS, and says what the alert says", async () => {
    for (const [says, security] of [
      [{ ehlo: AUTH }, "starttls"],
      [{ ehlo: ["AUTH PLAIN"], isTls: true }, "tls"],
    ] as const) {
      const { box, draft, send } = await mail(says, { security });
      await send(draft, message);
      assert.ok(box.isEncrypted, security);
      assert.match(box.mails[0] ?? "", /Subject: \[bystack dev\] demo has stopped/);
      assert.match(box.mails[0] ?? "", /Message-ID: <0000000000000001\.dev\./i);
      assert.equal(box.lines.filter((line) => line.startsWith("AUTH")).length, 1);
    }
  });

  test("goes to this machine in clear, and to no other", async () => {
    const { box, draft, send } = await mail({}, { security: "none", user: null, password: null });
    await send(draft, message);
    assert.equal(box.mails.length, 1);
    const elsewhere = mailSender({
      resolve: async () => ["203.0.114.7"],
      dial: () => assert.fail("it was dialled"),
      judge: createAddressJudge(NO_EXCEPTIONS),
      after: new Deadlines().after,
    });
    assert.match(await failure(elsewhere(draft, message)), /^OUTBOUND_REFUSED .*over TLS alone/);
  });

  test("tells no password to a server without TLS, with another's certificate, or that is not listed", async () => {
    const plain = await mail({ ehlo: ["AUTH PLAIN"] });
    assert.match(await failure(plain.send(plain.draft, message)), /^CHANNEL_FAILED hook\.test/);
    const other = await mail({ ehlo: AUTH }, { host: "other.test" });
    assert.match(await failure(other.send(other.draft, message)), /^CHANNEL_FAILED other\.test/);
    const closed = await mail({ ehlo: AUTH }, {}, false);
    assert.match(await failure(closed.send(closed.draft, message)), /^OUTBOUND_REFUSED/);
    for (const { box } of [plain, other, closed])
      assert.ok(!box.lines.some((line) => line.startsWith("AUTH")), box.lines.join());
    assert.deepEqual(closed.box.lines, []);
  });

  test("that is refused says the number and not the words", async () => {
    const { draft, send } = await mail({ ehlo: AUTH, auth: `535 CANARY ${PASSWORD} is wrong` });
    assert.equal(await failure(send(draft, message)), "CHANNEL_FAILED hook.test: EAUTH, it answered 535");
  });

  test("to a server that talks without end is cut off; to one that is silent it ends with the deadline", async () => {
    const endless = await mail({ greeting: "220-".padEnd(4 * MAIL_ANSWER_BYTES_MAX, "x") });
    assert.match(await failure(endless.send(endless.draft, message)), /CHANNEL_FAILED hook\.test/);
    const silent = await mail({ greeting: "2" });
    const sending = failure(silent.send(silent.draft, message));
    silent.deadlines.pass();
    assert.match(await sending, /took more than 20 s/);
  });

  test("carries no header that an alert's text brings along", async () => {
    const { box, draft, send } = await mail({ ehlo: AUTH });
    await send(draft, { ...message, title: "stopped\r\nBcc: eve@evil.test\r\n\r\n." });
    assert.ok(!/^Bcc:/im.test(box.mails[0] ?? ""), box.mails[0]);
    assert.ok(!box.lines.some((line) => line.includes("eve@")));
  });
});
