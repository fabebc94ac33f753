// A static site beside the routes: all its files are read at the start and served from memory, by their exact names alone. No
// path of a request ever reaches the file system.

import { readdirSync, readFileSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { gzipSync } from "node:zlib";

/** Files of a site; the console has a few dozen. */
export const SITE_FILES_MAX = 1_000;
/** Bytes of all files together. */
export const SITE_BYTES_MAX = 32 << 20;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".woff2": "font/woff2",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** Names that carry a hash of their content never change (Vite: `name-AbCd1234.js`). */
const HASHED = /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

export type SiteFile = {
  readonly body: Buffer;
  readonly gzipped: Buffer | undefined;
  readonly type: string;
  readonly cacheControl: string;
};

export type Site = {
  /** @param path as it stands in the request, with its leading slash and without its query */
  find(path: string): SiteFile | undefined;
  /** The page that finds its own way: for every address of the console. */
  readonly page: SiteFile;
};

/** A page may load, and talk to, nothing but its own server; styles stand in attributes, scripts never do. */
export const SITE_CSP =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

function fileOf(path: string): SiteFile {
  const body = readFileSync(path);
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  const small = gzipSync(body, { level: 9 });
  return {
    body,
    gzipped: small.length < body.length ? small : undefined,
    type,
    cacheControl: HASHED.test(path) ? "public, max-age=31536000, immutable" : "no-cache",
  };
}

/** Reads a built site. @returns undefined when there is none in that folder */
export function loadSite(folder: string): Site | undefined {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return undefined;
  }
  if (names.length > SITE_FILES_MAX) throw new Error(`${folder}: more than ${SITE_FILES_MAX} files`);
  const files = new Map(names.map((path) => [`/${relative(folder, path).split(sep).join("/")}`, fileOf(path)]));
  const bytes = [...files.values()].reduce((sum, { body }) => sum + body.length, 0);
  if (bytes > SITE_BYTES_MAX) throw new Error(`${folder}: more than ${SITE_BYTES_MAX} bytes`);
  const page = files.get("/index.html");
  return page && { page, find: (path) => files.get(path === "/" ? "/index.html" : path) };
}
