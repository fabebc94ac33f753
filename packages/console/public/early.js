// Before anything else: zod must not try `new Function` when the first schema is made. It would go without, but the content
// security policy would report the try. Its modules are evaluated before any of ours could set this.
globalThis.__zod_globalConfig = { jitless: true };
