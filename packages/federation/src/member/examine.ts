// The member's own examination of a recorded payout, M1 and M2 together: the recording block is final, every burn it pays
// is in a final block, and the draft made again has the recorded bytes. Asks the own side node for evidence only.

import type { PayoutDraft, PayoutRequest } from "@bystack/protocol/peg/draft";
import { encodeCertificate } from "@bystack/protocol/side/certificate";
import { hashSideHeader, type SideHeader } from "@bystack/protocol/side/header";
import type { FinalityProof } from "@bystack/protocol/side/light-client";
import { bytesToHex, equalBytes, type Hash } from "@bystack/utils/bytes";
import { err, ok, type Result } from "@bystack/utils/result";
import { BURNS_CHECKED_MAX } from "../limits.ts";
import type { PayoutRecord, SideChainPort } from "../ports.ts";
import type { CommitteeFault, Committees } from "./committees.ts";
import type { MemberContext } from "./context.ts";
import { verifyFinality } from "./finality.ts";
import { certificateHash, rederiveDraft, requestOfBurn } from "./rederive.ts";

/** A draft that the member stands behind, and the certificate that made its block final. */
export type Examined = { readonly draft: PayoutDraft; readonly certificateHash: Hash };

/** `waits`: the own node cannot show it yet. Anything else is an alarm: the record does not follow from the chain. */
export type ExamineFault = CommitteeFault | `finality-${string}` | `draft-${string}`;

export class Examiner {
  readonly #context: MemberContext;
  readonly #side: SideChainPort;
  readonly #committees: Committees;
  readonly #burns = new Map<string, PayoutRequest>();

  constructor(context: MemberContext, parts: { readonly side: SideChainPort; readonly committees: Committees }) {
    this.#context = context;
    this.#side = parts.side;
    this.#committees = parts.committees;
  }

  /** The header of a height when the proof shows that its block is final. */
  async #final(proof: FinalityProof, height: number): Promise<Result<SideHeader, ExamineFault>> {
    const committee = await this.#committees.at(height);
    if (!committee.ok) return committee;
    const { chainId } = this.#context;
    const epoch = this.#committees.epochOf(height);
    const final = verifyFinality(proof, height, { chainId, epoch, voteKeys: committee.value });
    return final.ok ? final : err(`finality-${final.error}` as const);
  }

  async examine(record: PayoutRecord, epoch: number): Promise<Result<Examined, ExamineFault>> {
    const proof = await this.#side.finality(record.recordedHeight);
    if (proof === undefined) return err("waits");
    const final = await this.#final(proof, record.recordedHeight);
    if (!final.ok) return final;
    const requests: PayoutRequest[] = [];
    for (const id of record.requestIds) {
      const request = await this.#request(id);
      if (!request.ok) return request;
      requests.push(request.value);
    }
    const view = await this.#side.payoutView?.(record.recordedHeight);
    const { chainId, vaultKeys } = this.#context;
    const draft = rederiveDraft(record, requests, { chainId, epoch, vaultKeys, view });
    if (!draft.ok) return err(`draft-${draft.error}` as const);
    return ok({ draft: draft.value, certificateHash: certificateHash(encodeCertificate(proof.certificate)) });
  }

  async #request(id: Hash): Promise<Result<PayoutRequest, ExamineFault>> {
    const key = bytesToHex(id);
    const known = this.#burns.get(key);
    if (known !== undefined) return ok(known);
    const evidence = await this.#side.burn(id);
    if (evidence === undefined) return err("waits");
    const proof = await this.#side.finality(evidence.header.height);
    if (proof === undefined) return err("waits");
    const final = await this.#final(proof, evidence.header.height);
    if (!final.ok) return final;
    if (!equalBytes(hashSideHeader(final.value), hashSideHeader(evidence.header))) return err("finality-BURN");
    const request = requestOfBurn(id, evidence);
    if (request === undefined) return err("draft-BURN");
    if (this.#burns.size >= BURNS_CHECKED_MAX)
      for (const oldest of this.#burns.keys()) if (this.#burns.delete(oldest)) break;
    this.#burns.set(key, request);
    return ok(request);
  }
}
