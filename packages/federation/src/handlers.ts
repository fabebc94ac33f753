// The member's part of the federation routes: what a request asks for as calls on the member, and its answers as the route
// table wants them. No behaviour of its own.

import type { FEDERATION_ROUTES } from "@bystack/api/federation-routes";
import type { RouteHandlers } from "@bystack/api/route";
import { bytesToHex, EMPTY_BYTES, hexToBytes } from "@bystack/utils/bytes";
import type { ListedDeposit } from "./collector/collector.ts";
import type { GovernanceOutcome, GovernanceWish } from "./governance.ts";

/** The routes of FEDERATION_ROUTES that a member answers; the others are answered from the ledger's state. */
export type FederationHandlers = Pick<
  RouteHandlers<typeof FEDERATION_ROUTES>,
  "announce" | "deposits" | "deposit" | "members" | "memberMessage" | "memberSwitch" | "govern"
>;

/** A member of the federation as this one sees it. */
export type MemberView = {
  readonly index: number;
  readonly id: string;
  readonly self: boolean;
  readonly running: boolean;
  readonly lastSeenAgeMs: number | null;
};

/** What the handlers ask of the member. */
export type MemberActions = {
  /** The deposit address of a recipient, watched from now on. */
  announce(recipient: Uint8Array): Promise<string>;
  deposits(limit: number): ListedDeposit[];
  deposit(nullifierHex: string): ListedDeposit;
  members(): MemberView[];
  /** Judges an envelope; false for one that changes nothing. */
  receive(envelope: Uint8Array): Promise<boolean>;
  /** Whether the member runs now. */
  switchTo(run: boolean): boolean;
  govern(wish: GovernanceWish): Promise<GovernanceOutcome>;
};

function depositReply({ deposit, verdict }: ListedDeposit) {
  const { claim } = deposit;
  return {
    nullifier: bytesToHex(deposit.nullifier),
    transaction: bytesToHex(deposit.transactionId),
    position: deposit.position,
    mainHeight: deposit.mainHeight,
    asset: bytesToHex(deposit.assetId),
    amount: String(deposit.amount),
    recipient: bytesToHex(deposit.recipient ?? EMPTY_BYTES),
    state: verdict.state,
    confirmations: verdict.confirmations,
    confirmationsNeeded: verdict.confirmationsNeeded,
    claim: claim === undefined ? null : { transaction: bytesToHex(claim.transactionId), height: claim.height },
    reason: verdict.reason,
  };
}

export function createHandlers(member: MemberActions): FederationHandlers {
  return {
    announce: async ({ body }) => ({ address: await member.announce(hexToBytes(body.recipient)) }),
    deposits: ({ query }) => ({ items: member.deposits(query.limit).map(depositReply) }),
    deposit: ({ params }) => depositReply(member.deposit(params.nullifier)),
    members: () => ({ items: member.members() }),
    memberMessage: async ({ body }) => ({ accepted: await member.receive(hexToBytes(body.envelope)) }),
    memberSwitch: ({ body }) => ({ running: member.switchTo(body.run) }),
    govern: async ({ body }) => {
      const { action } = body;
      const wish: GovernanceWish =
        action.kind === "list"
          ? {
              kind: "list",
              assetId: hexToBytes(action.asset),
              minimum: BigInt(action.minimum),
              cap: BigInt(action.cap),
            }
          : action;
      const { sequence, signatures, needed, submitted } = await member.govern(wish);
      return { sequence: String(sequence), signatures, needed, submitted };
    },
  };
}
