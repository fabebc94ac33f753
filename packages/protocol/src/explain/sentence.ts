// English for what a transaction is for: one sentence, the same on the command line and in a browser. Safe for browsers: it
// needs nothing but the facts, and the names that the caller has for assets and candidates.

import type { What, WhatPayment, WhatValue } from "./what.ts";

const BTM_ASSET = "ff".repeat(32);
const BTM_DECIMALS = 8;
/** Digits of an id that a sentence shows. */
const ID_DIGITS = 8;

/** What the caller knows beside the facts. */
export type SentenceNames = {
  /** Name and decimals of an asset; undefined leaves the first digits of its id and the bare number. */
  readonly asset?: (id: string) => { readonly name: string; readonly decimals: number } | undefined;
  readonly candidate?: (key: string) => string | undefined;
};

/** A number of smallest units as people write it: no digits behind the point that say nothing. */
export function formatUnits(amount: string, decimals: number): string {
  const sign = amount.startsWith("-") ? "-" : "";
  const digits = (sign === "" ? amount : amount.slice(1)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const places = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${sign}${whole}${places === "" ? "" : `.${places}`}`;
}

const short = (id: string): string => (id.length <= ID_DIGITS ? id : `${id.slice(0, ID_DIGITS)}…`);

function candidateName(key: string, names: SentenceNames): string {
  return names.candidate?.(key) ?? short(key);
}

/** An amount with its asset: `1.5 BTM`, or `150 of asset 0a1b2c3d…`. */
export function formatValue({ asset, amount }: WhatValue, names: SentenceNames = {}): string {
  if (asset === BTM_ASSET) return `${formatUnits(amount, BTM_DECIMALS)} BTM`;
  const known = names.asset?.(asset);
  return known === undefined
    ? `${amount} of asset ${short(asset)}`
    : `${formatUnits(amount, known.decimals)} ${known.name}`;
}

function join(parts: readonly string[], more: number): string {
  const all = more === 0 ? parts : [...parts, `${more} more`];
  const last = all.at(-1) ?? "nothing";
  return all.length < 2 ? last : `${all.slice(0, -1).join(", ")} and ${last}`;
}

function joinValues(
  list: { readonly items: readonly WhatValue[]; readonly more: number },
  names: SentenceNames,
): string {
  return join(
    list.items.map((item) => formatValue(item, names)),
    list.more,
  );
}

function joinPayments(
  list: { readonly items: readonly WhatPayment[]; readonly more: number },
  names: SentenceNames,
): string {
  return join(
    list.items.map((item) => `${formatValue(item, names)} to ${item.to}`),
    list.more,
  );
}

function joinVotes(
  list: { readonly items: readonly { readonly candidate: string; readonly amount: string }[]; readonly more: number },
  names: SentenceNames,
): string {
  const parts = list.items.map(
    ({ candidate, amount }) => `${formatUnits(amount, BTM_DECIMALS)} BTM for ${candidateName(candidate, names)}`,
  );
  return join(parts, list.more);
}

const RULES = {
  "two-notarize": "two votes for different blocks",
  "nullify-and-finalize": "a vote to skip the view and one to finish its block",
  "two-proposals": "two different blocks as a leader",
} as const;

function governance(what: What & { readonly class: "governance" }, names: SentenceNames): string {
  const { action, scope, signatures } = what;
  const asset = (): string => names.asset?.(scope)?.name ?? (scope === BTM_ASSET ? "BTM" : `asset ${short(scope)}`);
  const about =
    scope === "in"
      ? "deposits"
      : scope === "out"
        ? "payouts"
        : scope === "automatic"
          ? "everything, after an automatic pause"
          : asset();
  const verb = { pause: "paused", resume: "resumed", list: "listed" }[action];
  return `The federation ${verb} ${about}, with ${signatures} signatures.`;
}

function claim(what: What & { readonly class: "claim" }, names: SentenceNames): string {
  const height = what.mainHeight === null ? "" : ` in main-chain block ${what.mainHeight}`;
  const value = formatValue(what, names);
  if (what.to === "float") return `A deposit${height} of ${value} tops up what the federation pays fees from.`;
  if (what.to === "pool") return `A deposit${height} of ${value} goes to the reward pool.`;
  return `A deposit${height} was claimed: ${value} for ${what.to}.`;
}

function payment(what: What & { readonly class: "payment" }, names: SentenceNames): string {
  const who = what.from ?? "Somebody";
  return what.items.length === 0 ? `${who} moved coins of its own.` : `${who} paid ${joinPayments(what, names)}.`;
}

/** One sentence. */
export function sentenceOf(what: What, names: SentenceNames = {}): string {
  switch (what.class) {
    case "payment":
      return payment(what, names);
    case "coinbase":
      return what.items.length === 0
        ? "The block has no reward to pay."
        : `The reward for blocks: ${joinPayments(what, names)}.`;
    case "issuance":
      return `${joinValues(what, names)} issued.`;
    case "retirement":
      return `${joinValues(what, names)} retired for ever${what.text === null ? "" : `, with the words “${what.text}”`}.`;
    case "deposit":
      return `A deposit of ${joinValues(what, names)} to the side chain ${short(what.chain)}.`;
    case "payout":
      return what.items.length === 0
        ? "The vault of a side chain joined coins of its own."
        : `The vault of a side chain paid ${joinPayments(what, names)}.`;
    case "claim":
      return claim(what, names);
    case "burn":
      return `${what.from ?? "Somebody"} burned ${joinPayments(what, names)} on the main chain.`;
    case "headers":
      return what.from === what.to
        ? `Brings the header of main-chain block ${what.to}.`
        : `Brings the headers of main-chain blocks ${what.from} to ${what.to}.`;
    case "completion":
      return what.failed
        ? `Proves that payout ${what.payout} failed in main-chain block ${what.mainHeight}.`
        : `Proves that payout ${what.payout} was made in main-chain block ${what.mainHeight}.`;
    case "coin-proof":
      return `Proves the vault's coin ${short(what.coin)} on the main chain again.`;
    case "governance":
      return governance(what, names);
    case "registration":
      return `${candidateName(what.candidate, names)} stands for election with a bond of ${formatUnits(what.bond, BTM_DECIMALS)} BTM and gives voters ${what.voterShare} % of its rewards.`;
    case "resignation":
      return `${candidateName(what.candidate, names)} stands for election no more.`;
    case "vote":
      return `Votes with ${joinVotes(what, names)}.`;
    case "veto":
      return `Takes back votes: ${joinVotes(what, names)}.`;
    case "vote-claim":
      return `Voters got ${formatUnits(what.amount, BTM_DECIMALS)} BTM of the rewards, for ${what.outputs} votes in epoch ${what.epoch}.`;
    case "evidence":
      return `Evidence against the validator ${short(what.voteKey)}: ${RULES[what.rule]} in epoch ${what.epoch}, view ${what.view}.`;
    case "other":
      return "A transaction of a form that this version has no word for.";
  }
}

/** Longest name of an asset that is told; and its most decimals: BTM has 8. */
const NAME_CHARS_MAX = 32;
const DECIMALS_MAX = 18;

/**
 * Name and decimals by which an asset calls itself in its definition, as JSON text. Anybody may call an asset what they like,
 * BTM too: the first digits of the id stand behind the name. Undefined when it says no name.
 */
export function assetNameOf(
  id: string,
  definition: string | null,
): { readonly name: string; readonly decimals: number } | undefined {
  let told: { readonly name?: unknown; readonly symbol?: unknown; readonly decimals?: unknown } | null;
  try {
    told = JSON.parse(definition ?? "null");
  } catch {
    return undefined;
  }
  if (typeof told !== "object" || told === null) return undefined;
  const name = [told.symbol, told.name].find((text) => typeof text === "string" && text !== "");
  if (typeof name !== "string" || name.length > NAME_CHARS_MAX || !/^[\p{L}\p{N} ._-]+$/u.test(name)) return undefined;
  const { decimals } = told;
  const isCount = typeof decimals === "number" && Number.isInteger(decimals) && decimals >= 0;
  return { name: `${name} (${short(id)})`, decimals: isCount && decimals <= DECIMALS_MAX ? decimals : 0 };
}
