// The typed client of a route table: the same definitions as the server, so a wrong call is a compile error. It needs `fetch`
// alone, so that it runs in programs and in pages alike.

import { BystackError } from "@bystack/utils/errors";
import type { z } from "zod";
import { apiError, errorOfProblem, type Problem } from "./errors.ts";
import { hasBody, type Route, type RouteTable } from "./route.ts";

type CallInput<R extends Route> = {
  readonly params?: z.input<R["params"]>;
  readonly query?: z.input<R["query"]>;
  readonly body?: z.input<R["body"]>;
};

type KeysOfKind<T extends RouteTable, Kind extends Route["kind"]> = {
  [K in keyof T & string]: T[K]["kind"] extends Kind ? K : never;
}[keyof T & string];

export type CallOptions = {
  /** Of a change that may be sent again: the server answers as the first time. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
};
export type StreamOptions = {
  /** Number of the last event that was seen; absent: from now on. */
  readonly lastEventId?: number | undefined;
  readonly signal?: AbortSignal;
};

export type ApiClient<T extends RouteTable> = {
  readonly baseUrl: string;
  /** @throws BystackError with the server's code, UNREACHABLE or BAD_ANSWER. */
  call<K extends KeysOfKind<T, "json">>(
    id: K,
    input?: CallInput<T[K]>,
    options?: CallOptions,
  ): Promise<z.output<T[K]["reply"]>>;
  /**
   * Items of an answer that goes on; resolves when the server has begun it. Ends when the server ends it.
   * @throws BystackError as `call`, also while it goes on
   */
  stream<K extends KeysOfKind<T, "events" | "lines">>(
    id: K,
    input?: CallInput<T[K]>,
    options?: StreamOptions,
  ): Promise<AsyncGenerator<z.output<T[K]["reply"]>, void, undefined>>;
};

export type ClientOptions<T extends RouteTable> = {
  /** Empty in a page: its own server. */
  readonly baseUrl: string;
  readonly routes: T;
  /** Sent where a route is not open. */
  readonly token?: string | undefined;
  /** What else each request carries, asked for each time. */
  readonly headers?: () => Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
};

/** How long one call may take before it counts as unreachable. */
export const CALL_TIMEOUT_MS = 10_000;
/** Characters of one item of a stream. */
const STREAM_ITEM_CHARS_MAX = 1 << 20;
const STREAM_KINDS = {
  events: "text/event-stream",
  lines: "application/x-ndjson",
  json: "application/json",
} as const;

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

class Client<T extends RouteTable> {
  readonly #options: ClientOptions<T>;

  constructor(options: ClientOptions<T>) {
    this.#options = options;
  }

  /** Whoever answers is named in errors: a page knows its own server. */
  get #where(): string {
    return this.#options.baseUrl === "" ? "the platform" : this.#options.baseUrl;
  }

  #unreachable(cause: unknown): BystackError {
    return apiError("UNREACHABLE", {
      why: `${this.#where}: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }

  async request(
    route: Route,
    input: CallInput<Route>,
    options: { readonly signal: AbortSignal; readonly headers: Readonly<Record<string, string | undefined>> },
  ): Promise<Response> {
    const { baseUrl, token, headers: more } = this.#options;
    const given = { ...more?.(), ...options.headers };
    const headers = new Headers({ accept: STREAM_KINDS[route.kind] });
    if (token !== undefined && route.access !== "open") headers.set("authorization", `Bearer ${token}`);
    if (hasBody(route)) headers.set("content-type", "application/json");
    for (const [name, value] of Object.entries(given)) if (value !== undefined) headers.set(name, value);
    try {
      return await fetch(urlOf(baseUrl, route, input), {
        method: route.method,
        headers,
        ...(hasBody(route) && { body: JSON.stringify(input.body ?? {}) }),
        signal: options.signal,
        redirect: "error",
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  async #json(response: Response, route: Route): Promise<unknown> {
    let text: string;
    try {
      text = await response.text();
    } catch (cause) {
      throw this.#unreachable(cause);
    }
    try {
      return JSON.parse(text);
    } catch {
      throw apiError("BAD_ANSWER", { why: `${this.#where}${route.path}: not JSON` });
    }
  }

  async #failure(response: Response, route: Route): Promise<BystackError> {
    const answer = await this.#json(response, route);
    return isProblem(answer) ? errorOfProblem(answer) : apiError("BAD_ANSWER", { why: `status ${response.status}` });
  }

  #parse(route: Route, value: unknown): unknown {
    const parsed = route.reply.safeParse(value);
    if (parsed.success) return parsed.data;
    throw apiError("BAD_ANSWER", { why: `${route.path}: ${parsed.error.issues[0]?.message ?? ""}` });
  }

  async call(route: Route, input: CallInput<Route>, options: CallOptions): Promise<unknown> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? CALL_TIMEOUT_MS);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const response = await this.request(route, input, {
      signal,
      headers: { "idempotency-key": options.idempotencyKey },
    });
    if (!response.ok) throw await this.#failure(response, route);
    return this.#parse(route, await this.#json(response, route));
  }

  async stream(
    route: Route,
    input: CallInput<Route>,
    { lastEventId, signal }: StreamOptions,
  ): Promise<AsyncGenerator<unknown, void, undefined>> {
    // Only the beginning has a limit in time; it goes on for as long as somebody reads.
    const slow = new AbortController();
    const timer = setTimeout(() => slow.abort(), this.#options.timeoutMs ?? CALL_TIMEOUT_MS);
    const response = await this.request(route, input, {
      signal: signal === undefined ? slow.signal : AbortSignal.any([slow.signal, signal]),
      headers: { "last-event-id": lastEventId === undefined ? undefined : String(lastEventId) },
    }).finally(() => clearTimeout(timer));
    if (!response.ok) throw await this.#failure(response, route);
    return this.#items(route, response, slow);
  }

  /** @param asked aborted when nobody reads any more */
  async *#items(route: Route, response: Response, asked: AbortController): AsyncGenerator<unknown, void, undefined> {
    let rest = "";
    const decoder = new TextDecoder();
    const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
    const end = route.kind === "events" ? "\n\n" : "\n";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        rest += decoder.decode(value, { stream: true });
        const parts = rest.split(end);
        rest = parts.pop() ?? "";
        if (rest.length > STREAM_ITEM_CHARS_MAX)
          throw apiError("BAD_ANSWER", { why: `${route.path}: an item without end` });
        for (const part of parts) {
          const text = route.kind === "events" ? dataOf(part) : part;
          if (text !== "") yield this.#parse(route, JSON.parse(text));
        }
      }
    } catch (cause) {
      if (cause instanceof BystackError) throw cause;
      if (cause instanceof SyntaxError) throw apiError("BAD_ANSWER", { why: `${route.path}: not JSON` });
      throw this.#unreachable(cause);
    } finally {
      asked.abort();
    }
  }
}

/** The data of one event (HTML standard, section 9.2.6); empty for a heartbeat. */
function dataOf(event: string): string {
  return event
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => line.slice("data: ".length))
    .join("\n");
}

export function createClient<T extends RouteTable>(options: ClientOptions<T>): ApiClient<T> {
  const client = new Client(options);
  return {
    baseUrl: options.baseUrl,
    call: (id, input = {}, more = {}) => client.call(options.routes[id] as Route, input, more) as never,
    stream: (id, input = {}, more = {}) => client.stream(options.routes[id] as Route, input, more) as never,
  };
}
