// Accounts, signed payments and the chain's object against a platform that answers as the real one does: what goes out, what
// is kept back, and what is said when something is wrong.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, suite, test } from "node:test";
import { inspect } from "node:util";
import { decodeSideTransaction } from "@bystack/protocol/side/transaction";
import {
  BTM_ASSET_ID,
  type Bystack,
  connect,
  createAccount,
  type Output,
  openAccount,
  signPayment,
} from "@bystack/sdk";
import { bytesToHex, hexToBytes } from "@bystack/utils/bytes";
import { VECTOR } from "./vector.ts";

const SECRET = VECTOR.secret;

suite("accounts", () => {
  test("a secret is the same account everywhere; a new one has a new secret", () => {
    assert.equal(openAccount(SECRET).address("sm"), VECTOR.address);
    assert.match(createAccount().secret, /^[0-9a-f]{64}$/);
    assert.notEqual(createAccount().secret, createAccount().secret);
  });

  test("what is no secret is refused without being shown", () => {
    for (const text of ["", "zz", SECRET.slice(2), `${SECRET}00`])
      assert.throws(
        () => openAccount(text),
        (error: Error & { code?: string }) =>
          error.code === "SECRET_INVALID" && (text === "" || !inspect(error).includes(text)),
      );
  });

  test("a printed account does not show its secret", () => {
    const account = openAccount(SECRET);
    assert.equal(account.secret, SECRET);
    assert.ok(!inspect(account).includes(SECRET));
    assert.ok(!JSON.stringify(account).includes(SECRET));
  });
});

function outputs(count: number): Output[] {
  return Array.from({ length: count }, (_, i) => ({
    ...VECTOR.output,
    id: bytesToHex(new Uint8Array(32).fill(i + 1)),
  }));
}

suite("a signed payment", () => {
  test("is the known one, byte for byte", () => {
    const { id, raw, feeNeu } = signPayment(VECTOR.order(openAccount(SECRET)));
    assert.deepEqual([id, raw, feeNeu], [VECTOR.id, VECTOR.raw, VECTOR.feeNeu]);
    const decoded = decodeSideTransaction(hexToBytes(raw));
    assert.ok(decoded.ok);
    assert.equal(decoded.value.outputs[0]?.amount, 150_000_000n);
  });

  test("to another chain's address, of an unknown asset, of more than there is: refused by code", () => {
    const order = VECTOR.order(openAccount(SECRET));
    assert.throws(() => signPayment({ ...order, to: openAccount(SECRET).address("bm") }), {
      code: "DESTINATION_INVALID",
    });
    assert.throws(() => signPayment({ ...order, asset: "GOLD" }), { code: "ASSET_NOT_FOUND" });
    assert.throws(() => signPayment({ ...order, amount: 10n ** 12n }), { code: "COINS_INSUFFICIENT" });
    assert.throws(() => signPayment({ ...order, amount: 0n }), { code: "AMOUNT_INVALID" });
  });
});

/** Answers as a platform does; what it says next can be set. */
class FakePlatform {
  readonly submitted: string[] = [];
  readonly transactions: (object | undefined)[] = [];
  events: string[] = [];
  readonly eventsAskedAfter: (string | undefined)[] = [];
  refusal: { readonly status: number; readonly code: string } | undefined;
  bystack: Bystack = connect({ url: "http://127.0.0.1:1" });
  readonly #server = createServer((request, response) => {
    const { method = "", url = "" } = request;
    const path = url.replace("/v1/networks/dev/chains/demo", "");
    const send = (status: number, body: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    const problem = (status: number, code: string): void =>
      send(status, { type: "", title: code, status, detail: "", code, requestId: "1", next: "…" });
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      if (path.startsWith("/v1/events")) {
        this.eventsAskedAfter.push(request.headers["last-event-id"] as string | undefined);
        const [next] = this.events.splice(0, 1);
        if (next === undefined) return problem(403, "ROLE_TOO_LOW");
        response.writeHead(200, { "content-type": "text/event-stream" });
        return response.end(next);
      }
      if (path === "/info") return send(200, VECTOR.info);
      if (path === "/spec") return send(200, VECTOR.spec);
      if (path === "/outputs/query") return send(200, { items: outputs(2), next: null });
      if (path.startsWith("/transactions/")) {
        const answer = this.transactions.shift();
        return answer === undefined ? problem(404, "TRANSACTION_NOT_FOUND") : send(200, answer);
      }
      if (method === "POST" && path === "/transactions") {
        if (this.refusal !== undefined) return problem(this.refusal.status, this.refusal.code);
        const { raw } = JSON.parse(body) as { raw: string };
        this.submitted.push(raw);
        return send(200, { id: VECTOR.id, known: false });
      }
      return problem(404, "UNKNOWN_ROUTE");
    });
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : 0;
    this.bystack = connect({ url: `http://127.0.0.1:${port}/`, token: "t" });
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

suite("a chain", () => {
  const platform = new FakePlatform();
  before(() => platform.start());
  after(() => platform.stop());
  const account = openAccount(SECRET);

  test("tells address and balance", async () => {
    const chain = platform.bystack.chain("dev", "demo");
    assert.equal(await chain.address(account), VECTOR.address);
    assert.deepEqual(await chain.balance(account), [
      { asset: BTM_ASSET_ID, spendable: 2n * BigInt(VECTOR.output.amount), waiting: 0n },
    ]);
  });

  test("two payments at once spend different coins; what they spend waits; a refusal gives it back", async () => {
    const chain = platform.bystack.chain("dev", "demo");
    const pay = () => chain.pay({ from: account, to: VECTOR.address, amount: 1n });
    platform.refusal = { status: 409, code: "TRANSACTION_REJECTED" };
    await assert.rejects(pay(), { code: "TRANSACTION_REJECTED" });
    platform.refusal = undefined;
    const [first, second] = await Promise.all([pay(), pay()]);
    assert.notDeepEqual(first.spends, second.spends);
    assert.deepEqual(platform.submitted.toSorted(), [first.raw, second.raw].toSorted());
    const [balance] = await platform.bystack.chain("dev", "demo").balance(account);
    assert.equal(balance?.spendable, 0n);
    await assert.rejects(pay(), { code: "COINS_INSUFFICIENT" });
  });

  test("waits until a transaction is final, over answers that do not know it; not for ever", async () => {
    const chain = platform.bystack.chain("dev", "demo");
    const row = (status: string) => ({ ...VECTOR.transaction, status });
    platform.transactions.push(undefined, row("pending"), row("final"));
    assert.equal((await chain.waitFinal(VECTOR.id)).status, "final");
    await assert.rejects(chain.waitFinal(VECTOR.id), { code: "PAYMENT_GONE" });
    platform.transactions.push(row("pending"));
    await assert.rejects(chain.waitFinal(VECTOR.id, { timeoutMs: -1 }), { code: "FINAL_TIMEOUT" });
    const gone = AbortSignal.abort(new Error("enough"));
    platform.transactions.push(row("pending"));
    await assert.rejects(chain.waitFinal(VECTOR.id, { signal: gone }));
  });

  test("events go on behind the last one after a cut, and end with a refusal", async () => {
    const event = (seq: number) => `data: ${JSON.stringify({ seq, atMs: 1, topic: "t", subject: "s", data: {} })}\n\n`;
    platform.events = [event(7), event(8)];
    const seen: (number | null)[] = [];
    await assert.rejects(
      async () => {
        for await (const { seq } of platform.bystack.subscribe()) seen.push(seq);
      },
      { code: "ROLE_TOO_LOW" },
    );
    assert.deepEqual(seen, [7, 8]);
    assert.deepEqual(platform.eventsAskedAfter, [undefined, "7", "8"]);
  });
});
