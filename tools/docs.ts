// `npm run docs`: writes the generated pages under docs/. The tidy tests fail when one of them is out of date.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderErrors, renderLimits, renderMetrics } from "./tidy/reference-pages.ts";
import { ROOT } from "./tidy/sources.ts";

mkdirSync(join(ROOT, "docs", "reference"), { recursive: true });
writeFileSync(join(ROOT, "docs", "reference", "errors.md"), await renderErrors());
writeFileSync(join(ROOT, "docs", "reference", "metrics.md"), await renderMetrics());
writeFileSync(join(ROOT, "docs", "limits.md"), renderLimits().text);
console.log("docs/reference/errors.md, docs/reference/metrics.md and docs/limits.md written");
