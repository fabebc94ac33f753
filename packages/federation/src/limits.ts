// Every limit of the federation with its name, unit and reason (federation.md sections 8 and 9).

/** Bytes of one envelope: a payout of 26 inputs has 1.7 kB of signatures; the rest is room for later message types. */
export const ENVELOPE_BYTES_MAX = 65_536;
/** Envelopes that one member may send a second; more are refused and repaired by WANT. */
export const MEMBER_MESSAGES_PER_SECOND_MAX = 50;
/** Envelopes that wait for one other member; a member that is down fills it and then loses what repair brings back. */
export const OUTBOX_MAX = 256;
/** Open payouts that a STATUS names: what the ledger allows to be open. */
export const STATUS_PAYOUTS_MAX = 16;
/** Inputs of one payout whose signatures a SIGS carries: 20 asset coins, one extra and fee coins, rounded up. */
export const PAYOUT_INPUTS_MAX = 32;
/** SIGS of one member that wait until this member's own node knows the payout. */
export const EARLY_SIGS_MAX = 32;
/** Bytes of one governance body: the longest action has 59. */
export const GOVERNANCE_BODY_BYTES_MAX = 256;
/** Governance proposals that are collected at a time, oldest out; each is signed by a member. */
export const GOVERNANCE_PROPOSALS_MAX = 64;
/** Payouts whose signatures are kept: open ones, and unproven ones after a reorganisation. Oldest out. */
export const PAYOUTS_KEPT_MAX = 256;
/** Payouts that are over of which the signers are still shown; oldest out. */
export const CLOSED_PAYOUTS_MAX = 1_000;
/** Intents that the journal keeps in memory; the oldest whose payouts are done go first. About 1 KiB each. */
export const JOURNAL_INTENTS_MAX = 20_000;
/** Claims that the journal keeps in memory; a forgotten one is only sent once more. */
export const JOURNAL_CLAIMS_MAX = 20_000;
/** Bytes of one journal record: a whole main-chain transaction of the largest gas fits. */
export const JOURNAL_RECORD_BYTES_MAX = 1_048_576;
/** Announced recipients (federation.md section 9). */
export const ANNOUNCEMENTS_MAX = 100_000;
/** How long an announcement is watched: 30 days. */
export const ANNOUNCEMENT_AGE_MS_MAX = 30 * 24 * 3_600_000;
/** Recipients learnt from hints; the least recently used goes first, its next hint brings it back. */
export const HINTED_RECIPIENTS_MAX = 100_000;
/** Deposits in the collector's list; credited ones go first, oldest first, then the oldest. */
export const DEPOSITS_MAX = 20_000;
/** Deposits of one kind that a single main-chain transaction may add to the list without a readable recipient. */
export const UNREADABLE_PER_TRANSACTION_MAX = 4;
/** Change addresses of payouts that are remembered, to tell who sent money to one by mistake; at most four a payout. */
export const CHANGE_PROGRAMS_MAX = 20_000;
/** Assets whose definition and issuance program the collector keeps; at most 8 KiB each, oldest out. */
export const ASSET_ORIGINS_MAX = 10_000;
/** Bytes of a definition or issuance program that the collector keeps: what a claim may carry. */
export const ASSET_ORIGIN_BYTES_MAX = 4_096;
/** Main-chain blocks that one step scans, so that catching up does not hold up signing. */
export const SCAN_BLOCKS_MAX = 200;
/** Heights whose block hashes the collector remembers to find a fork: the ledger knows 400 headers back. */
export const SCAN_MEMORY_BLOCKS_MAX = 1_000;
/** Claims that one step submits. */
export const CLAIMS_PER_STEP_MAX = 50;
/** Deposits in one question about credits. */
export const CLAIMED_QUERY_MAX = 200;
/** Vault coins that one step proves again after a reorganisation. */
export const COIN_PROOFS_PER_STEP_MAX = 20;
/** Headers between a side-chain block and the FINALIZE certificate above it. */
export const FINALITY_HEADERS_MAX = 256;
/** Committees, each from its first epoch on, whose certificates a member can verify: over 28 days if each epoch has a new one. */
export const COMMITTEES_KEPT_MAX = 4_096;
/** Epochs whose committees one step follows: three signatures and two questions each. */
export const EPOCHS_FOLLOWED_PER_STEP_MAX = 200;
/** Burns whose proof was checked and is remembered. */
export const BURNS_CHECKED_MAX = 4_096;
/** Unspent outputs of one question that are looked at: a deposit address with more is read by the scan alone. */
export const UNSPENT_ANSWERS_MAX = 1_000;

/** Pause between two steps of a member. */
export const STEP_INTERVAL_MS = 500;
/** Pause between two STATUS messages. */
export const STATUS_INTERVAL_MS = 2_000;
/** A member that was not heard for so long is shown as not running. */
export const MEMBER_SILENT_MS = 10_000;
/** Pause between two WANTs for one payout, and between two answers to one member about it. */
export const WANT_INTERVAL_MS = 2_000;
/** How long each rank of collectors waits before it does the work of the one before (A107). */
export const COLLECTOR_RANK_DELAY_MS = 2_000;
/** After so long without effect a claim or a proof is submitted again. */
export const RESUBMIT_INTERVAL_MS = 4_000;
