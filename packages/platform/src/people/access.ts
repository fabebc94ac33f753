// Who a request is from, and whether it may: the one door for every route. A server passes the headers and the route's needs in,
// and gets an actor or a typed error out. A token is looked at before cookies: what a page of another site can make a browser
// send is a cookie, and that alone opens nothing.

import type { BystackError } from "@bystack/utils/errors";
import { platformError } from "../errors.ts";
import { type Actor, type Call, deny, isFresh, type PeopleContext } from "./context.ts";
import { limited, sourceKey } from "./limits.ts";
import { isAllowed, ROLE_NAMES, type Role, roleIn } from "./roles.ts";
import { type PresentedHalves, SESSION_LIFE_MS, type Sessions } from "./sessions.ts";
import type { Tokens } from "./tokens.ts";

/** Characters of a Cookie header that are looked at. */
export const COOKIE_CHARS_MAX = 8_192;
export const SESSION_COOKIE = "bystack_session";
/** The header half; other sites cannot send it without being asked first, and they are refused then. */
export const SESSION_HEADER = "x-bystack-session";

export type RequestHeaders = Readonly<
  Partial<Record<"authorization" | "cookie" | typeof SESSION_HEADER, string | undefined>>
>;
export type AccessRequest = {
  readonly headers: RequestHeaders;
  /** Address of whoever is connected. */
  readonly source: string;
  /** SHA3-256 of the body. */
  readonly requestHash: string;
};
export type AccessNeeds = {
  /** The route's id, as it stands in the audit log. */
  readonly route: string;
  readonly target: string;
  readonly role: Role;
  /** Undefined for what belongs to no network. */
  readonly network: string | undefined;
  readonly kind: "read" | "write";
  /** Risk halt or more, people, restore. */
  readonly isStepUp?: boolean;
  /** Setting a password or passkey, rotating, signing out. */
  readonly isForUnfinished?: boolean;
};

/** The value of the session's cookie; undefined when it is missing, or there twice: then one is somebody else's. */
export function sessionCookieOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > COOKIE_CHARS_MAX) return undefined;
  const values = header.split(";").flatMap((part) => {
    const text = part.trim();
    return text.startsWith(`${SESSION_COOKIE}=`) ? [text.slice(SESSION_COOKIE.length + 1)] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/** The `Set-Cookie` of a sign-in or rotation. */
export function formatSessionCookie(cookieHalf: string, isTls: boolean): string {
  const life = `Max-Age=${SESSION_LIFE_MS / 1000}`;
  return [
    `${SESSION_COOKIE}=${cookieHalf}`,
    "Path=/",
    life,
    "HttpOnly",
    "SameSite=Strict",
    ...(isTls ? ["Secure"] : []),
  ].join("; ");
}

export function presentedHalves(headers: RequestHeaders): PresentedHalves | undefined {
  const cookieHalf = sessionCookieOf(headers.cookie);
  return cookieHalf === undefined ? undefined : { cookieHalf, headerHalf: headers[SESSION_HEADER] };
}

export class Access {
  readonly #context: PeopleContext;
  readonly #tokens: Tokens;
  readonly #sessions: Sessions;

  constructor(context: PeopleContext, parts: { readonly tokens: Tokens; readonly sessions: Sessions }) {
    this.#context = context;
    this.#tokens = parts.tokens;
    this.#sessions = parts.sessions;
  }

  /** The call of nobody in particular: for sign-ins and links, which have their own limits. */
  publicCall(
    { source, requestHash }: Pick<AccessRequest, "source" | "requestHash">,
    tenant = this.#context.tenant,
  ): Call {
    const actor = { tenant, userId: "public", via: "none", credentialId: "", roles: {} } as const;
    return { actor: { ...actor, provenAtMs: undefined, isUnfinished: false }, source, requestHash };
  }

  /**
   * Lets a request in, or says why not.
   * @throws BystackError SIGN_IN_NEEDED, SESSION_ENDED, RATE_LIMITED, ROLE_TOO_LOW, STEP_UP_NEEDED, CREDENTIAL_NEEDED
   */
  async authorize(request: AccessRequest, needs: AccessNeeds): Promise<Call> {
    const { limits } = this.#context;
    const nobody = this.publicCall(request);
    const actor = await this.#actorOf(request, nobody, needs);
    const call = { ...nobody, actor };
    const { via, credentialId, isUnfinished, roles } = actor;
    const waitMs =
      via === "none"
        ? limits.take("public", sourceKey(request.source))
        : limits.take(needs.kind, `${via} ${credentialId}`);
    const refuse = (error: BystackError): Promise<never> => deny(this.#context, call, { ...needs, error });
    if (waitMs > 0) return refuse(limited(waitMs));
    if (isUnfinished && needs.isForUnfinished !== true) return refuse(platformError("CREDENTIAL_NEEDED"));
    if (!isAllowed(roleIn(roles, needs.network), needs.role)) {
      if (via === "none") return refuse(platformError("SIGN_IN_NEEDED"));
      return refuse(platformError("ROLE_TOO_LOW", { why: `it needs the role ${ROLE_NAMES[needs.role]}` }));
    }
    if (needs.isStepUp === true && !isFresh(actor, this.#context.now())) return refuse(platformError("STEP_UP_NEEDED"));
    return call;
  }

  async #actorOf(request: AccessRequest, nobody: Call, needs: AccessNeeds): Promise<Actor> {
    const { headers, source } = request;
    try {
      if (headers.authorization !== undefined) {
        const [, text = ""] = /^Bearer ([!-~]{1,256})$/.exec(headers.authorization) ?? [];
        return await this.#tokens.authenticate(nobody, text);
      }
      const presented = presentedHalves(headers);
      return presented === undefined ? nobody.actor : await this.#sessions.authenticate(nobody, presented);
    } catch (error) {
      // Junk costs its sender what the public has; the next one is not even told what was wrong.
      const waitMs = this.#context.limits.take("public", sourceKey(source));
      if (waitMs > 0) return deny(this.#context, nobody, { ...needs, error: limited(waitMs) });
      throw error;
    }
  }
}
