// Must be the first import of the program: zod would otherwise try `new Function` when the first schema is made, and the content
// security policy would report that as a violation.

import { config } from "zod";

config({ jitless: true });
