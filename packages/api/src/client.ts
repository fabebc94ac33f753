// The typed client of a route table: the same definitions as the server, so a wrong call is a compile error.

import type { z } from "zod";
import { apiError, errorOfProblem, type Problem } from "./errors.ts";
import type { Route, RouteTable } from "./route.ts";

type CallInput<R extends Route> = {
  readonly params?: z.input<R["params"]>;
  readonly query?: z.input<R["query"]>;
  readonly body?: z.input<R["body"]>;
};

export type ApiClient<T extends RouteTable> = {
  readonly baseUrl: string;
  /** @throws BystackError with the server's code, UNREACHABLE or BAD_ANSWER. */
  call<K extends keyof T & string>(id: K, input?: CallInput<T[K]>): Promise<z.output<T[K]["reply"]>>;
};

/** How long one call may take before it counts as unreachable. */
export const CALL_TIMEOUT_MS = 10_000;

function urlOf(baseUrl: string, route: Route, input: CallInput<Route>): string {
  const params = (input.params ?? {}) as Record<string, unknown>;
  const path = route.path.replace(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries((input.query ?? {}) as Record<string, unknown>)) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return `${baseUrl}${path}${text === "" ? "" : `?${text}`}`;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "code" in value && "title" in value && "status" in value;
}

export function createClient<T extends RouteTable>(options: {
  baseUrl: string;
  routes: T;
  adminToken?: string | undefined;
  timeoutMs?: number;
}): ApiClient<T> {
  const timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS;
  return {
    baseUrl: options.baseUrl,
    call: async (id, input = {}) => {
      const route = options.routes[id] as Route;
      const headers: Record<string, string> = { accept: "application/json" };
      if (options.adminToken !== undefined && route.access === "admin")
        headers.authorization = `Bearer ${options.adminToken}`;
      if (route.method === "POST") headers["content-type"] = "application/json";
      let response: Response;
      let text: string;
      try {
        response = await fetch(urlOf(options.baseUrl, route, input), {
          method: route.method,
          headers,
          ...(route.method === "POST" && { body: JSON.stringify(input.body ?? {}) }),
          signal: AbortSignal.timeout(timeoutMs),
          redirect: "error",
        });
        text = await response.text();
      } catch (cause) {
        throw apiError("UNREACHABLE", {
          why: `${options.baseUrl}: ${cause instanceof Error ? cause.message : String(cause)}`,
          cause,
        });
      }
      let answer: unknown;
      try {
        answer = JSON.parse(text);
      } catch {
        throw apiError("BAD_ANSWER", { why: `${options.baseUrl}${route.path}: not JSON` });
      }
      if (!response.ok)
        throw isProblem(answer) ? errorOfProblem(answer) : apiError("BAD_ANSWER", { why: `status ${response.status}` });
      const parsed = route.reply.safeParse(answer);
      if (!parsed.success)
        throw apiError("BAD_ANSWER", { why: `${route.path}: ${parsed.error.issues[0]?.message ?? ""}` });
      return parsed.data as z.output<T[typeof id]["reply"]>;
    },
  };
}
