// The pages that the browser test opens, each in the worlds where it means something. To add a page: a line here.

import type { Page } from "playwright-core";
import { FixtureProblem } from "./problem.ts";
import { CHANGED_TEXT, REFUSED_TEXT, WRONG_TEXT } from "./worlds/definition.ts";
import { type Answers, NOBODY, OWNER, type WorldName } from "./worlds/world.ts";

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
