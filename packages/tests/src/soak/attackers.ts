// Peers that the validators know by key and that have no vote: what one of them may do to a committee, each attack for
// itself and at a stated rate. Only ever aimed at a network that the run has raised itself, on loopback.

import { connect, type Socket } from "node:net";
import { type BbftMessage, encodeMessage, type Vote } from "@bystack/consensus/bbft/messages";
import { createIdentity, type Identity } from "@bystack/network/identity";
import { createMesh, type Mesh } from "@bystack/network/mesh";
import { MESSAGE, PROTOCOL_VERSION, SIDE_PROTOCOL } from "@bystack/node/side/protocol";
import { encodePair, METHOD } from "@bystack/node/side/state-sync/messages";
import { merkleRoot } from "@bystack/protocol/merkle";
import { type Certificate, skipRoot } from "@bystack/protocol/side/certificate";
import { encodeSideBatch, sideBodyRoot } from "@bystack/protocol/side/header";
import { createSideBlock, type SideBlock } from "@bystack/protocol/side/proposal";
import { createSeededRng, type SeededRng } from "@bystack/testing/rng";
import type { Hash } from "@bystack/utils/bytes";
import { Wire } from "./relays.ts";

const LOOPBACK = "127.0.0.1";

/** Where the committee is, so that what is forged looks timely. */
export type Aim = { readonly chainId: Hash; readonly epoch: number; readonly view: number; readonly height: number };
export type Victim = { readonly id: string; readonly peer: string; readonly port: number };

export type Attacker = {
  readonly identity: Identity;
  /** Sends what one tick of the attack is to every validator that still takes it; returns how many those were. */
  tick(): number;
  stop(): Promise<void>;
};

export type AttackContext = {
  readonly victims: readonly Victim[];
  readonly aim: () => Aim;
  /** Transactions that are whole and signed, and spend what is not there. */
  readonly unfunded: readonly Uint8Array[];
  readonly seed: number;
};

type Tools = { readonly rng: SeededRng; readonly unfunded: readonly Uint8Array[] };

export type AttackKind = (typeof ATTACKS)[number];

/** One attacker for each of these; what it is and at which rate stands in {@link ATTACK_RATES}. */
export const ATTACKS = [
  "bad-signatures",
  "made-up-keys",
  "forged-certificates",
  "invalid-blocks",
  "questions",
  "garbage",
  "transactions",
  "states",
  "deaf",
] as const;

/** Messages a second to each validator. */
export const ATTACK_RATES: Readonly<Record<AttackKind, number>> = {
  "bad-signatures": 200,
  "made-up-keys": 200,
  "forged-certificates": 100,
  "invalid-blocks": 20,
  questions: 200,
  garbage: 50,
  transactions: 2000,
  states: 500,
  deaf: 50,
};

export function attackerIdentity(kind: AttackKind): Identity {
  return createIdentity(new Uint8Array(32).fill(0xe0 + ATTACKS.indexOf(kind)));
}

function forgedVote(rng: SeededRng, aim: Aim, signer: number): Vote {
  const kind = rng.pick([1, 2, 3] as const);
  const empty = kind === 2;
  return {
    kind,
    epoch: aim.epoch,
    view: aim.view,
    height: empty ? 0 : aim.height + 1,
    blockHash: empty ? new Uint8Array(32) : rng.bytes(32),
    signer,
    signature: rng.bytes(64),
  };
}

function forgedCertificate(
  rng: SeededRng,
  content: Omit<Certificate, "scheme" | "bitmap" | "signatures">,
): Certificate {
  return { ...content, scheme: 1, bitmap: Uint8Array.of(7), signatures: rng.bytes(192) };
}

function forgedBlock(rng: SeededRng, aim: Aim): SideBlock {
  const { epoch, height } = aim;
  const batches = [encodeSideBatch([rng.bytes(200)])];
  const parentHash = rng.bytes(32);
  const parentView = Math.max(1, aim.view - 1);
  const block = createSideBlock({
    header: {
      chainId: aim.chainId,
      epoch,
      view: parentView + 1,
      height: height + 1,
      parentHash,
      parentView,
      timestampMs: Date.now(),
      bodyRoot: sideBodyRoot(batches),
      transactionCount: 1,
      transactionRoot: merkleRoot([]),
      parentStateRoot: rng.bytes(32),
      skipRoot: skipRoot([]),
      nextCommitteeRoot: new Uint8Array(32),
    },
    batches,
    parentCertificate: forgedCertificate(rng, { kind: 1, epoch, view: parentView, height, blockHash: parentHash }),
    skipCertificates: [],
  });
  if (block === undefined) throw new Error("the forged block does not hold together");
  return block;
}

/** The bytes of one message of an attack, and the type it is sent under. */
function forge(kind: AttackKind, aim: Aim, { rng, unfunded }: Tools): { type: number; body: Uint8Array } {
  const message = (made: BbftMessage) => ({ type: MESSAGE.consensus, body: encodeMessage(made) });
  const { epoch, view } = aim;
  switch (kind) {
    case "bad-signatures": {
      const votes = [0, 1, 2, 3].map((signer) => forgedVote(rng, aim, signer));
      return message({ type: "NOTES", epoch, view, votes, certificates: [] });
    }
    case "made-up-keys": {
      const votes = Array.from({ length: 64 }, (_, i) => forgedVote(rng, aim, 4 + i));
      return message({ type: "NOTES", epoch, view, votes, certificates: [] });
    }
    case "forged-certificates": {
      const { height, blockHash } = forgedVote(rng, aim, 0);
      const kind = rng.pick([1, 2, 3] as const);
      const certificate = forgedCertificate(rng, { kind, epoch, view, height, blockHash });
      return message({ type: "NOTES", epoch, view, votes: [], certificates: [certificate] });
    }
    case "invalid-blocks": {
      const proposal = {
        view,
        block: forgedBlock(rng, aim),
        justifyView: 0,
        justification: [],
        signature: rng.bytes(64),
      };
      return message({ type: "PROPOSE", epoch, proposal });
    }
    case "questions": {
      const turn = rng.below(3);
      if (turn === 0)
        return message({ type: "ASK", nonce: rng.bytes(32), asker: rng.bytes(32), from: { epoch: 1, view: 0 } });
      if (turn === 1) return message({ type: "SYNC_REQUEST", fromHeight: 1 });
      return message({ type: "FETCH", epoch, finalHeight: 0, hashes: [rng.bytes(32)], views: [] });
    }
    case "garbage":
      return { type: MESSAGE.consensus, body: rng.bytes(1000) };
    case "transactions":
      return { type: MESSAGE.transaction, body: rng.pick(unfunded) };
    case "states":
    case "deaf":
      return message({ type: "SYNC_REQUEST", fromHeight: 1 });
  }
}

/** Asks every validator for states and the blocks around them, again and again; returns how many were asked. */
function askForStates(mesh: Mesh, victims: readonly Victim[], { rng }: Tools): number {
  const open = new Set(mesh.peers().map(({ id }) => id));
  const asked = victims.filter(({ peer }) => open.has(peer));
  const method = rng.pick(Object.values(METHOD));
  const body = method === METHOD.offer ? new Uint8Array(0) : encodePair([1 + rng.below(100), 64]);
  for (const { peer } of asked) void mesh.request(peer, { method, body });
  return asked.length;
}

/** A peer with a known key that attacks every validator in one way; "deaf" also never reads what it is sent. */
export async function startAttacker(kind: AttackKind, context: AttackContext): Promise<Attacker> {
  const identity = attackerIdentity(kind);
  const rng = createSeededRng(context.seed);
  const { victims, aim, unfunded } = context;
  const tools = { rng, unfunded };
  const wires = kind === "deaf" ? victims.map(({ port }) => new Wire(() => port)) : [];
  const ports = await Promise.all(wires.map((wire) => wire.listen()));
  for (const wire of wires) wire.deafen();
  const mesh: Mesh = createMesh({
    identity,
    peers: victims.map(({ peer, port }, i) => ({ id: peer, host: LOOPBACK, port: ports[i] ?? port })),
    handshake: { protocolVersion: PROTOCOL_VERSION, networkHash: aim().chainId, agent: "attacker/1" },
    protocol: SIDE_PROTOCOL,
    rng,
    limits: { redialFirstMs: 100, redialLongestMs: 500, redialRefusedMs: 1000 },
    handlers: { onMessage: () => {} },
  });
  await mesh.start();
  return {
    identity,
    tick: () => {
      if (kind === "states") return askForStates(mesh, victims, tools);
      const { type, body } = forge(kind, aim(), tools);
      return mesh.broadcast(type, body);
    },
    stop: async () => {
      for (const wire of wires) wire.close();
      await mesh.stop();
    },
  };
}

/** Sockets to the validators' mesh ports that never say anything, as many as a firewall would let through. */
export function openHalfOpen(victims: readonly Victim[], each: number): { close(): void } {
  const sockets: Socket[] = victims.flatMap(({ port }) =>
    Array.from({ length: each }, () => {
      const socket = connect(port, LOOPBACK);
      socket.on("error", () => {});
      return socket;
    }),
  );
  return {
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
