// The error base. Every package has one table `errors.ts` of codes; HTTP status, exit code and peer score derive from
// `kind` and `fault`, never from the place where the error was thrown.

/** What sort of failure it is: decides the HTTP status and the exit code. */
export type ErrorKind =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "limit"
  | "unavailable"
  | "internal";

/** Who caused it: decides the score of the peer that sent the message. */
export type ErrorFault = "none" | "peer-minor" | "peer-severe" | "local";

export type ErrorEntry = {
  readonly kind: ErrorKind;
  readonly fault: ErrorFault;
  /** What happened, in words that may be shown to anybody: no secret, no path of a key. */
  readonly message: string;
  /** What the reader can do next. */
  readonly next: string;
};

export type ErrorTable = Readonly<Record<string, ErrorEntry>>;

export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** A typed failure outside hot paths. `code` is a key of the table it was made from. */
export class BystackError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly fault: ErrorFault;
  readonly why: string;
  readonly next: string;
  readonly details: ErrorDetails;

  constructor(
    code: string,
    entry: ErrorEntry,
    options: { why?: string; details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(entry.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "BystackError";
    this.code = code;
    this.kind = entry.kind;
    this.fault = entry.fault;
    this.why = options.why ?? "";
    this.next = entry.next;
    this.details = options.details ?? {};
  }
}

/** Makes the thrower of one package's table: `const fail = errorFactory(ERRORS); throw fail("CODE", { why })`. */
export function errorFactory<T extends ErrorTable>(table: T) {
  return (
    code: keyof T & string,
    options: { why?: string; details?: ErrorDetails; cause?: unknown } = {},
  ): BystackError => new BystackError(code, table[code] as ErrorEntry, options);
}

/** Throws when a programmer's assumption is wrong; a broken invariant stops the process (architecture.md section 8). */
export function assertInvariant(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${sentence}`);
}
