// The pages that the browser test opens, each in the worlds where it means something. To add a page: a line here.

import type { Page } from "playwright-core";
import { FixtureProblem } from "./problem.ts";
import { CHANGED_TEXT, REFUSED_TEXT, WRONG_TEXT } from "./worlds/definition.ts";
import { devStatus } from "./worlds/dev.ts";
import { explorerAnswers } from "./worlds/explorer.ts";
import { addressOf, GOLD, moneyAnswers, REFUSED, UNDER_WAY } from "./worlds/money.ts";
import { MAIN_PROOF, SIDE_PROOF, TAMPERED_PROOF } from "./worlds/proofs.ts";
import { type Answers, hashOf, NOBODY, OWNER, type WorldName } from "./worlds/world.ts";

export type PageCase = {
  /** Of its screenshots. */
  readonly name: string;
  /** The address, by the name of the world's network (`none` in the empty world). */
  readonly path: (network: string) => string;
  /** Left out: all worlds. */
  readonly worlds?: readonly WorldName[];
  /** Left out: all states. Dialogs and drafts look the same in most of them. */
  readonly onlyOk?: true;
  /** Answers that differ from the world's. */
  readonly answers?: Answers;
  /** A draft that is in the tab already. */
  readonly draft?: string;
  /** What somebody does once the page stands. */
  readonly act?: (page: Page) => Promise<void>;
};

const DEV_ONLY = ["dev"] as const;
const NOT_EMPTY = ["dev", "large"] as const;
const sideOf = (network: string): string => (network === "group" ? "equity-east" : "demo");
const downOf = (network: string): string => (network === "group" ? "equity-east-1" : "demo-3");
const click = (name: string) => async (page: Page) => page.getByRole("button", { name, exact: true }).first().click();

const boundOf = (network: string): string => (network === "group" ? "orders-east" : "demo");
const TRANSACTION = hashOf("transaction 0");
const deposit = async (page: Page): Promise<void> => {
  await page.getByRole("button", { name: "Deposit", exact: true }).first().click();
  await page.getByLabel("Amount").fill("99999999");
  await page.getByRole("dialog").getByRole("button", { name: "Deposit", exact: true }).click();
};

function refuse(status: number, code: string, texts: { title: string; detail: string; next: string }) {
  return (): never => {
    throw new FixtureProblem(status, code, texts);
  };
}

/** Pastes a proof and waits for what the page says of it: checked in that browser, not before. */
const giveProof =
  (text: string, sentence: string) =>
  async (page: Page): Promise<void> => {
    await page.getByLabel("Proof", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Check it", exact: true }).click();
    await page.locator(".b-health").getByText(sentence).waitFor();
  };

const NO_PEG: Answers = {
  "chain.federationStatus": refuse(404, "NOT_ON_THIS_CHAIN", {
    title: "This kind of chain has no such thing.",
    detail: "",
    next: "Ask a node of the other chain.",
  }),
};
const LOCKED: Answers = {
  accounts: refuse(409, "FOLDER_IN_USE", {
    title: "The data folder is in use by another process.",
    detail: "/home/ada/.bystack/dev/wallet",
    next: "Stop that process, or give this one a data folder of its own.",
  }),
};
const off = refuse(404, "EXPLORER_OFF", {
  title: "This node keeps no explorer's index.",
  detail: "",
  next: "Ask a node that does.",
});
const OFF: Answers = { "chain.explorer": off, "chain.blocks": off, "chain.transactions": off };
const forbidden = refuse(401, "SIGN_IN_NEEDED", { title: "Sign in first.", detail: "", next: "bystack open" });
/** What nobody in particular gets: the explorer, and nothing about the network. */
const PUBLIC: Answers = { me: () => NOBODY, network: forbidden, operations: forbidden, accounts: forbidden };

const EXPIRED: Answers = {
  me: () => NOBODY,
  signInByLink: () => {
    throw new FixtureProblem(403, "LINK_INVALID", {
      title: "The link was used already, is too old or was never made.",
      detail: "",
      next: "Get a new one: bystack open, or another invitation.",
    });
  },
};

const INVITED: Answers = {
  me: () => NOBODY,
  signInByLink: () => {
    throw new FixtureProblem(400, "NAME_INVALID", {
      title: "The name cannot be used.",
      detail: "a login has at least one letter",
      next: "Choose one as the reason describes.",
    });
  },
};

export const PAGE_CASES: readonly PageCase[] = [
  { name: "start", path: () => "/", worlds: ["empty"] },
  { name: "sign-in", path: () => "/", worlds: DEV_ONLY, answers: { me: () => NOBODY } },
  { name: "link-expired", path: () => "/#k=byl_old", worlds: DEV_ONLY, onlyOk: true, answers: EXPIRED },
  { name: "invitation", path: () => "/#k=byl_new", worlds: DEV_ONLY, onlyOk: true, answers: INVITED },
  {
    name: "finish",
    path: () => "/",
    worlds: DEV_ONLY,
    onlyOk: true,
    answers: { me: () => ({ ...OWNER, unfinished: true, hasPassword: false, passkeys: [] }) },
  },
  { name: "home", path: (network) => `/n/${network}` },
  { name: "home-stop", path: (network) => `/n/${network}`, worlds: DEV_ONLY, onlyOk: true, act: click("Stop") },
  { name: "new", path: () => "/new", worlds: ["empty", "dev"] },
  { name: "editor", path: (network) => `/n/${network}/definition`, worlds: DEV_ONLY },
  { name: "editor-wrong", path: () => "/n/dev/definition", worlds: DEV_ONLY, onlyOk: true, draft: WRONG_TEXT },
  { name: "plan", path: (network) => `/n/${network}/plan`, worlds: DEV_ONLY, draft: CHANGED_TEXT },
  { name: "plan-none", path: (network) => `/n/${network}/plan`, worlds: DEV_ONLY, onlyOk: true },
  { name: "plan-refused", path: () => "/n/dev/plan", worlds: DEV_ONLY, onlyOk: true, draft: REFUSED_TEXT },
  {
    name: "plan-apply",
    path: () => "/n/dev/plan",
    worlds: DEV_ONLY,
    onlyOk: true,
    draft: CHANGED_TEXT,
    act: click("Apply"),
  },
  { name: "operations", path: (network) => `/n/${network}/operations` },
  { name: "operation-running", path: (network) => `/n/${network}/operations/57`, worlds: DEV_ONLY },
  { name: "operation-failed", path: (network) => `/n/${network}/operations/58`, worlds: DEV_ONLY, onlyOk: true },
  { name: "chain", path: (network) => `/n/${network}/chains/${sideOf(network)}`, worlds: NOT_EMPTY },
  {
    name: "chain-plot",
    path: () => "/n/dev/chains/demo",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: async (page) => page.locator(".b-plot canvas").waitFor(),
  },
  {
    name: "drawer",
    path: () => "/n/dev",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: async (page) => {
      await page.setViewportSize({ width: 390, height: 900 });
      await page.getByRole("button", { name: "Pages", exact: true }).click();
    },
  },
  { name: "chain-unknown", path: (network) => `/n/${network}/chains/nowhere`, worlds: DEV_ONLY, onlyOk: true },
  { name: "consensus", path: (network) => `/n/${network}/chains/${sideOf(network)}/consensus`, worlds: NOT_EMPTY },
  { name: "main-chain", path: (network) => `/n/${network}/main`, worlds: NOT_EMPTY },
  { name: "federation", path: (network) => `/n/${network}/chains/${boundOf(network)}/federation`, worlds: NOT_EMPTY },
  { name: "federation-none", path: () => "/n/group/chains/points-east/federation", worlds: ["large"], answers: NO_PEG },
  {
    name: "federation-paused",
    path: () => "/n/dev/chains/demo/federation",
    worlds: DEV_ONLY,
    onlyOk: true,
    answers: moneyAnswers(devStatus, ["automatic", `asset:${GOLD}`]),
  },
  { name: "transfers", path: (network) => `/n/${network}/transfers`, worlds: NOT_EMPTY },
  {
    name: "transfers-empty",
    path: () => "/n/dev/transfers",
    worlds: DEV_ONLY,
    onlyOk: true,
    answers: { transfers: () => ({ items: [] }) },
  },
  { name: "transfers-deposit", path: () => "/n/dev/transfers", worlds: DEV_ONLY, onlyOk: true, act: deposit },
  {
    name: "transfers-withdraw",
    path: () => "/n/dev/transfers",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: click("Withdraw"),
  },
  { name: "transfer", path: () => `/n/dev/chains/demo/transfers/${UNDER_WAY.id}`, worlds: DEV_ONLY },
  {
    name: "transfer-why",
    path: () => `/n/dev/chains/demo/transfers/${UNDER_WAY.id}`,
    worlds: DEV_ONLY,
    onlyOk: true,
    act: click("Why does it wait?"),
  },
  {
    name: "transfer-refused",
    path: () => `/n/dev/chains/demo/transfers/${REFUSED.id}`,
    worlds: DEV_ONLY,
    onlyOk: true,
  },
  { name: "accounts", path: (network) => `/n/${network}/accounts`, worlds: NOT_EMPTY },
  { name: "accounts-locked", path: () => "/n/dev/accounts", worlds: DEV_ONLY, onlyOk: true, answers: LOCKED },
  {
    name: "accounts-pay",
    path: () => "/n/dev/accounts",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: click("Pay from alice on main"),
  },
  { name: "explorer", path: (network) => `/n/${network}/chains/${sideOf(network)}/explorer`, worlds: NOT_EMPTY },
  {
    name: "explorer-behind",
    path: () => "/n/dev/chains/demo/explorer",
    worlds: DEV_ONLY,
    onlyOk: true,
    answers: explorerAnswers(devStatus, 12),
  },
  { name: "explorer-off", path: () => "/n/dev/chains/demo/explorer", worlds: DEV_ONLY, onlyOk: true, answers: OFF },
  {
    name: "explorer-public",
    path: () => "/n/dev/chains/demo/explorer",
    worlds: DEV_ONLY,
    onlyOk: true,
    answers: PUBLIC,
  },
  {
    name: "explorer-assets",
    path: () => "/n/dev/chains/demo/explorer",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: async (page) => page.getByText("Assets", { exact: true }).click(),
  },
  { name: "block", path: () => "/n/dev/chains/demo/blocks/18301", worlds: DEV_ONLY },
  { name: "block-empty", path: () => "/n/dev/chains/demo/blocks/18300", worlds: DEV_ONLY, onlyOk: true },
  { name: "transaction", path: () => `/n/dev/chains/demo/transactions/${TRANSACTION}`, worlds: DEV_ONLY },
  {
    name: "transaction-raw",
    path: () => `/n/dev/chains/demo/transactions/${hashOf("transaction 4")}`,
    worlds: DEV_ONLY,
    onlyOk: true,
    act: click("Show"),
  },
  { name: "address", path: () => `/n/dev/chains/demo/addresses/${addressOf("alice", "sm")}`, worlds: DEV_ONLY },
  { name: "asset", path: () => `/n/dev/chains/demo/assets/${GOLD}`, worlds: DEV_ONLY },
  {
    name: "search",
    path: () => "/n/dev",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: async (page) => {
      await page.keyboard.press("/");
      await page.getByRole("combobox").fill("demo");
      await page.getByRole("option").first().waitFor();
    },
  },
  { name: "new-chain", path: () => "/n/dev/new-chain", worlds: DEV_ONLY },
  {
    name: "chain-stop",
    path: () => "/n/dev/chains/demo",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: async (page) => {
      await page.getByRole("button", { name: "Change", exact: true }).click();
      await page.getByRole("menuitem", { name: "Stop …", exact: true }).click();
      await page.getByRole("button", { name: "Stop demo", exact: true }).waitFor();
    },
  },
  { name: "verify", path: (network) => `/n/${network}/verify`, worlds: DEV_ONLY, onlyOk: true },
  {
    name: "verify-main",
    path: () => "/n/dev/verify",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: giveProof(MAIN_PROOF, "The transaction is in the block"),
  },
  {
    name: "verify-side",
    path: () => "/n/dev/verify",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: giveProof(SIDE_PROOF, "The transaction is in a block of the chain"),
  },
  {
    name: "verify-tampered",
    path: () => "/n/dev/verify",
    worlds: DEV_ONLY,
    onlyOk: true,
    act: giveProof(TAMPERED_PROOF, "A quorum of the committee signed that it is final"),
  },
  { name: "nodes", path: (network) => `/n/${network}/nodes`, worlds: NOT_EMPTY },
  { name: "node", path: () => "/n/dev/nodes/demo-1", worlds: DEV_ONLY },
  { name: "node-down", path: (network) => `/n/${network}/nodes/${downOf(network)}`, worlds: DEV_ONLY, onlyOk: true },
  { name: "node-peers", path: () => "/n/dev/nodes/demo-1?part=peers", worlds: DEV_ONLY, onlyOk: true },
  { name: "node-config", path: () => "/n/dev/nodes/demo-1?part=config", worlds: DEV_ONLY, onlyOk: true },
  { name: "node-restart", path: () => "/n/dev/nodes/demo-1", worlds: DEV_ONLY, onlyOk: true, act: click("Restart") },
  { name: "settings-you", path: () => "/settings/you", worlds: DEV_ONLY },
  { name: "settings-people", path: () => "/settings/people", worlds: ["empty", "dev"] },
  { name: "settings-tokens", path: () => "/settings/tokens", worlds: ["empty", "dev"] },
  { name: "settings-audit", path: () => "/settings/audit", worlds: ["empty", "dev"] },
  { name: "settings-about", path: () => "/settings/about", worlds: DEV_ONLY, onlyOk: true },
  { name: "not-found", path: () => "/nowhere", worlds: DEV_ONLY, onlyOk: true },
];
