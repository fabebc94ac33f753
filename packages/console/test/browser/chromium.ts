// Finds the Chromium of the machine. None is downloaded: a browser is the machine's to install and to update.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

export const CHROMIUM_REMEDY =
  "no Chromium on this machine: install one (Debian, Ubuntu: apt-get install chromium), or name it: BYSTACK_CHROMIUM=<path>";

/** @returns the path of an executable; undefined when there is none */
export function findChromium(): string | undefined {
  const named = process.env.BYSTACK_CHROMIUM;
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...found, ...PLACES].find((path) => existsSync(path));
}
