// Passkeys, made and used by an authenticator in software: what is accepted, and each way in which an answer is not.

import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { describe, test } from "node:test";
import { PROOF_FRESH_MS } from "@bystack/platform/people/context";
import { createWebauthnVerifier } from "@bystack/platform/people/webauthn";
import { createSeededRng } from "@bystack/testing/rng";
import { CHALLENGES_MAX, Challenges } from "../src/people/passkeys.ts";
import { USER_PASSKEYS_MAX } from "../src/people/tables.ts";
import {
  auditRows,
  callOf,
  type Kit,
  local,
  needs,
  openPeople,
  outcomes,
  requestOf,
  signIn,
  withSession,
} from "./people-kit.ts";

const RP_ID = "localhost";
const ORIGIN = "http://localhost:7070";
const b64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64url");
const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest();

/** CBOR of the few shapes an attestation has (RFC 8949). */
function cbor(value: number | string | Uint8Array | Map<number | string, unknown>): Buffer {
  const head = (major: number, n: number): Buffer =>
    n < 24
      ? Buffer.of((major << 5) | n)
      : n < 256
        ? Buffer.of((major << 5) | 24, n)
        : Buffer.of((major << 5) | 25, n >> 8, n & 255);
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, item]) => [cbor(key), cbor(item as never)])]);
}

type Bend = {
  origin?: string;
  rpId?: string;
  type?: string;
  flags?: number;
  counter?: number;
  challenge?: string;
  key?: KeyObject;
  id?: string;
};

/** One passkey on a device. */
function createAuthenticator() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const id = randomBytes(32);
  let counter = 0;
  const clientData = (type: string, challenge: string, bend: Bend) =>
    JSON.stringify({
      type: bend.type ?? type,
      challenge: bend.challenge ?? challenge,
      origin: bend.origin ?? ORIGIN,
      crossOrigin: false,
    });
  const authData = (flags: number, count: number, bend: Bend) => {
    const counted = Buffer.alloc(4);
    counted.writeUInt32BE(bend.counter ?? count);
    return Buffer.concat([sha256(bend.rpId ?? RP_ID), Buffer.of(bend.flags ?? flags), counted]);
  };
  const create = (challenge: string, bend: Bend = {}) => {
    const cose = new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x, "base64url")],
      [-3, Buffer.from(y, "base64url")],
    ]);
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(0, id.length), id, cbor(cose)]);
    const data = Buffer.concat([authData(0x45, 0, bend), attested]);
    const object = cbor(
      new Map<string, unknown>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", data],
      ]),
    );
    const response = {
      clientDataJSON: b64(clientData("webauthn.create", challenge, bend)),
      attestationObject: b64(object),
    };
    return { id: b64(id), rawId: b64(id), type: "public-key", response };
  };
  const get = (challenge: string, bend: Bend = {}) => {
    counter += 1;
    const client = clientData("webauthn.get", challenge, bend);
    const data = authData(0x05, counter, bend);
    const signature = sign("sha256", Buffer.concat([data, sha256(client)]), bend.key ?? privateKey);
    const response = { clientDataJSON: b64(client), authenticatorData: b64(data), signature: b64(signature) };
    return { id: bend.id ?? b64(id), rawId: bend.id ?? b64(id), type: "public-key", response };
  };
  return { create, get, id: b64(id) };
}

const open = () => openPeople({ passkeys: createWebauthnVerifier({ rpId: RP_ID, origins: [ORIGIN] }) });
const nobody = (kit: Kit, source = "198.51.100.1") => ({ ...kit.people.access.publicCall(requestOf()), source });

async function withPasskey() {
  const kit = await open();
  const { signIn: signs } = kit.people;
  const ann = await signIn(kit, "ann", { dev: "o" });
  const device = createAuthenticator();
  const creation = await signs.beginPasskeyCreation(ann.call);
  const passkey = await signs.addPasskey(ann.call, { name: "phone", answer: device.create(creation.challenge) });
  return { kit, signs, ann, device, passkey };
}

describe("passkeys", () => {
  test("are made by somebody signed in, and sign them in and step them up", async () => {
    const { kit, signs, ann, device, passkey } = await withPasskey();
    assert.deepEqual(await signs.passkeysOf(ann.call), [passkey]);
    const creation = await signs.beginPasskeyCreation(ann.call);
    assert.deepEqual(creation.exclude, [device.id]);
    assert.equal(Buffer.from(creation.user.id, "base64url").toString(), ann.userId);
    const { challenge, rpId } = await signs.beginPasskey(nobody(kit));
    assert.equal(rpId, RP_ID);
    const halves = await signs.byPasskey(nobody(kit), device.get(challenge));
    assert.equal(halves.userId, ann.userId);
    kit.clock.advance(PROOF_FRESH_MS);
    const call = await callOf(kit, halves);
    const proven = await signs.stepUpByPasskey(call, halves, device.get(signs.beginStepUp(call).challenge));
    await kit.people.access.authorize(withSession(proven), needs({ role: "o", isStepUp: true }));
  });

  test("finish a first sign-in, and the last way to sign in stays", async () => {
    const kit = await open();
    const { users, signIn: signs, access } = kit.people;
    const { link } = await users.openAsOwner(local(kit), "ann");
    const halves = await users.redeem(nobody(kit), link);
    const call = await access.authorize(withSession(halves), needs({ isForUnfinished: true }));
    const device = createAuthenticator();
    const { challenge } = await signs.beginPasskeyCreation(call);
    const { key } = await signs.addPasskey(call, { name: "key", answer: device.create(challenge) });
    const finished = await access.authorize(withSession(halves), needs({ role: "w" }));
    await assert.rejects(signs.removePasskey(finished, key), { code: "CREDENTIAL_NEEDED" });
    await signs.setPassword(finished, "correct horse battery");
    await assert.rejects(signs.removePasskey(finished, "0".repeat(64)), { code: "PASSKEY_NOT_FOUND" });
    await signs.removePasskey(finished, key);
    const begun = await signs.beginPasskey(nobody(kit));
    await assert.rejects(signs.byPasskey(nobody(kit), device.get(begun.challenge)), { code: "PASSKEY_INVALID" });
  });

  test("that answer wrongly sign nobody in: site, origin, kind, presence, verification, signature, counter", async () => {
    const { kit, signs, device } = await withPasskey();
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const bends: Record<string, Bend> = {
      origin: { origin: "http://localhost:3000" },
      rebound: { origin: "http://evil.example:7070" },
      site: { rpId: "evil.example" },
      kind: { type: "webauthn.create" },
      absent: { flags: 0x04 },
      unverified: { flags: 0x01 },
      signature: { key: other },
      challenge: { challenge: b64(randomBytes(32)) },
      unknown: { id: b64(randomBytes(32)) },
      huge: { id: "a".repeat(1_401) },
    };
    let source = 0;
    const next = () => {
      source += 1;
      return nobody(kit, `2001:db8:0:${source.toString(16)}::1`);
    };
    for (const [name, bend] of Object.entries(bends)) {
      const { challenge } = await signs.beginPasskey(next());
      await assert.rejects(signs.byPasskey(next(), device.get(challenge, bend)), { code: "PASSKEY_INVALID" }, name);
    }
    const { challenge } = await signs.beginPasskey(next());
    const answer = device.get(challenge);
    await signs.byPasskey(next(), answer);
    await assert.rejects(signs.byPasskey(next(), answer), { code: "PASSKEY_INVALID" }, "replayed");
    // A counter that does not go up is a copy of the device.
    const again = await signs.beginPasskey(next());
    await assert.rejects(
      signs.byPasskey(next(), device.get(again.challenge, { counter: 1 })),
      { code: "PASSKEY_INVALID" },
      "counter",
    );
    for (const junk of [
      null,
      undefined,
      1,
      "x",
      [],
      {},
      { id: 1 },
      { ...answer, type: "x" },
      { ...answer, response: {} },
      { ...answer, response: { ...answer.response, signature: "=" } },
      { ...answer, response: { ...answer.response, clientDataJSON: "a".repeat(100_000) } },
    ])
      await assert.rejects(signs.byPasskey(next(), junk), { code: "PASSKEY_INVALID" });
    assert.ok((await outcomes(kit)).includes("signInPasskey PASSKEY_INVALID"));
  });

  test("challenges are for one purpose, one session, once, and five minutes", async () => {
    const { kit, signs, ann, device } = await withPasskey();
    const bob = await signIn(kit, "bob", { dev: "o" });
    const answers = {
      begun: device.get((await signs.beginPasskey(nobody(kit))).challenge),
      stepUp: device.get(signs.beginStepUp(ann.call).challenge),
    };
    await assert.rejects(signs.byPasskey(nobody(kit), answers.stepUp), { code: "PASSKEY_INVALID" });
    await assert.rejects(signs.stepUpByPasskey(ann.call, ann.halves, answers.begun), { code: "PASSKEY_INVALID" });
    // Somebody else's passkey proves nothing of one's own session.
    await assert.rejects(
      signs.stepUpByPasskey(bob.call, bob.halves, device.get(signs.beginStepUp(bob.call).challenge)),
      { code: "PASSKEY_INVALID" },
    );
    const late = await signs.beginPasskey(nobody(kit));
    kit.clock.advance(5 * 60_000);
    await assert.rejects(signs.byPasskey(nobody(kit), device.get(late.challenge)), { code: "PASSKEY_INVALID" });
  });

  test("are refused when they are made wrongly, twice, too many, or without a fresh proof", async () => {
    const { kit, signs, ann, device } = await withPasskey();
    const challenge = async () => (await signs.beginPasskeyCreation(ann.call)).challenge;
    for (const bend of [
      { origin: "http://evil.example" },
      { rpId: "evil.example" },
      { type: "webauthn.get" },
      { flags: 0x41 },
      { challenge: "AAAA" },
    ])
      await assert.rejects(
        signs.addPasskey(ann.call, { name: "x", answer: createAuthenticator().create(await challenge(), bend) }),
        { code: "PASSKEY_INVALID" },
      );
    await assert.rejects(signs.addPasskey(ann.call, { name: "x", answer: device.create(await challenge()) }), {
      code: "PASSKEY_INVALID",
    });
    await assert.rejects(
      signs.addPasskey(ann.call, { name: "\u202e", answer: createAuthenticator().create(await challenge()) }),
      { code: "NAME_INVALID" },
    );
    for (let i = 1; i < USER_PASSKEYS_MAX; i += 1)
      await signs.addPasskey(ann.call, { name: `k${i}`, answer: createAuthenticator().create(await challenge()) });
    await assert.rejects(
      signs.addPasskey(ann.call, { name: "x", answer: createAuthenticator().create(await challenge()) }),
      { code: "PEOPLE_FULL" },
    );
    kit.clock.advance(PROOF_FRESH_MS);
    await assert.rejects(
      signs.addPasskey(ann.call, { name: "x", answer: createAuthenticator().create(await challenge()) }),
      { code: "STEP_UP_NEEDED" },
    );
    assert.equal(
      (await auditRows(kit)).filter(({ route, outcome }) => route === "passkeyAdd" && outcome === "ok").length,
      USER_PASSKEYS_MAX,
    );
  });

  test("challenges are bounded: the oldest goes", () => {
    const challenges = new Challenges({ rng: createSeededRng(1), now: () => 0 });
    const first = challenges.make("a", RP_ID).challenge;
    const second = challenges.make("a", RP_ID).challenge;
    for (let i = 1; i < CHALLENGES_MAX; i += 1) challenges.make("a", RP_ID);
    assert.equal(challenges.size, CHALLENGES_MAX);
    assert.equal(challenges.take("a", first), false);
    assert.equal(challenges.take("a", second), true);
    assert.equal(challenges.take("a", second), false);
  });
});
