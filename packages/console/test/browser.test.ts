// The pages are opened in a real browser by a run of their own; here it is said that this run did not do it.

import { test } from "node:test";

test("every page in Chromium", { skip: "minutes long and needs a Chromium: npm run test:browser" }, () => {});
