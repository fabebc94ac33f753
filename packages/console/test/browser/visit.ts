// Looks at one page in one state: waits until it has settled, then judges it in both colour schemes and at both widths.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import type { FixtureServer } from "./fixture-server.ts";

/** `ok` · the API answers 503 from the start · it begins to after the page stood · the event stream is cut again and again. */
export const STATES = ["ok", "unavailable", "stale", "cut"] as const;
export type State = (typeof STATES)[number];
const THEMES = ["light", "dark"] as const;
const WIDTHS = [1280, 390] as const;
const HEIGHT_PX = 900;
/** For one page to settle; pages take some 200 ms. */
const SETTLE_MS_MAX = 10_000;

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What runs in the page: texts, for this file is checked against Node, which has no document. */
const IN_PAGE = {
  overflowPx: "document.documentElement.scrollWidth - window.innerWidth",
  axe: `axe.run({ runOnly: ${JSON.stringify(AXE_TAGS)} })`,
  /** All that another colour scheme can change. */
  axeColours: `axe.run({ runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } })`,
  reportViolations: `document.addEventListener("securitypolicyviolation", (event) => {
    console.error("CSP " + event.violatedDirective + ": " + event.blockedURI);
  });`,
} as const;

type AxeResult = { violations: { id: string; help: string; nodes: { target: string[]; failureSummary?: string }[] }[] };

export type Visit = {
  readonly name: string;
  readonly path: string;
  readonly state: State;
  /** Put into the tab before the page begins. */
  readonly draft: { readonly network: string; readonly text: string } | undefined;
  /** Done once the page stands. */
  readonly act: ((page: Page) => Promise<void>) | undefined;
};

/** Problems of a page while it was open, as the browser reports them. */
function listen(page: Page, state: State): string[] {
  const problems: string[] = [];
  // The browser itself logs answers of 4xx and 5xx; they are what these states and pages are about.
  const isExpected = (text: string): boolean =>
    /^Failed to load resource: the server responded with a status of (?:400|403|404|409|503)/.test(text) &&
    (state !== "ok" || !text.includes("503"));
  page.on("console", (message) => {
    if (message.text().startsWith("CSP ")) problems.push(message.text());
    else if (message.type() === "error" && !isExpected(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.message}`));
  return problems;
}

/** Until a heading stands and nothing is being read for the first time. */
async function settle(page: Page): Promise<void> {
  // By locators: a function that is polled for would be evaluated as a string, which the policy of the page forbids.
  await page.locator("h1").waitFor({ timeout: SETTLE_MS_MAX });
  await page.locator("[data-loading]").first().waitFor({ state: "detached", timeout: SETTLE_MS_MAX });
}

async function judge(page: Page, isFirstTheme: boolean): Promise<string[]> {
  const overflow = await page.evaluate<number>(IN_PAGE.overflowPx);
  const problems = overflow > 0 ? [`${overflow} px wider than the window`] : [];
  await page.evaluate(axeSource);
  const result = await page.evaluate<AxeResult>(isFirstTheme ? IN_PAGE.axe : IN_PAGE.axeColours);
  for (const { id, help, nodes } of result.violations) {
    const [first] = nodes;
    problems.push(
      `axe ${id}: ${help}: ${first?.target.join(" ")} (${nodes.length}) ${(first?.failureSummary ?? "").replaceAll("\n", " ")}`,
    );
  }
  return problems;
}

/** @returns problems, with where they were */
export async function visitPage(
  context: BrowserContext,
  server: FixtureServer,
  visit: Visit,
  folder: string,
): Promise<string[]> {
  const { name, path, state, draft, act } = visit;
  server.mode = state === "unavailable" || state === "cut" ? state : "ok";
  const page = await context.newPage();
  await page.addInitScript({ content: IN_PAGE.reportViolations });
  if (draft !== undefined) {
    const key = JSON.stringify(`bystack.draft.${draft.network}`);
    await page.addInitScript({ content: `sessionStorage.setItem(${key}, ${JSON.stringify(draft.text)})` });
  }
  const found = listen(page, state);
  const problems: string[] = [];
  try {
    await page.setViewportSize({ width: WIDTHS[0], height: HEIGHT_PX });
    await page.emulateMedia({ colorScheme: THEMES[0], reducedMotion: "reduce" });
    await page.goto(`${server.url}${path}`);
    await settle(page);
    await act?.(page);
    // A page without an error, in the frame, shows what it has read.
    const hasData = (await page.locator(".b-problem, .b-card").count()) === 0;
    if (state === "stale") {
      server.mode = "unavailable";
      // The event stream ends with it, so the page asks again at once and finds that what it shows is old.
      if (hasData) await page.locator(".b-stale").first().waitFor({ timeout: SETTLE_MS_MAX });
    }
    for (const theme of THEMES) {
      for (const width of WIDTHS) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: HEIGHT_PX });
        for (const problem of await judge(page, theme === THEMES[0])) problems.push(`${theme} ${width}: ${problem}`);
        mkdirSync(folder, { recursive: true });
        await page.screenshot({ path: join(folder, `${name}-${state}-${theme}-${width}.png`), fullPage: true });
      }
    }
  } catch (error) {
    problems.push(`${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
    await page.screenshot({ path: join(folder, `${name}-${state}-failed.png`) }).catch(() => undefined);
  }
  await page.close();
  return [...problems, ...found];
}
