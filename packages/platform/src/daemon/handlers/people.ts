// Handlers of people: signing in, oneself, tokens, everybody else. What is allowed is judged in `people/`, once at the door and
// again with the change itself.

import type { PEOPLE_ROUTES } from "@bystack/api/platform/people-routes";
import type { CallHandlers, RouteCall } from "@bystack/api/route";
import { platformError } from "../../errors.ts";
import { formatSessionCookie } from "../../people/access.ts";
import { type Call, isFresh } from "../../people/context.ts";
import type { Halves, PresentedHalves, SessionActor, SignedIn } from "../../people/sessions.ts";
import type { PlatformCaller } from "../door.ts";
import type { HandlerParts } from "./parts.ts";

type Handlers = CallHandlers<typeof PEOPLE_ROUTES, PlatformCaller>;

const DAY_MS = 24 * 3_600_000;
const done = { done: true as const };

function halvesOf({ presented }: PlatformCaller): PresentedHalves {
  if (presented === undefined) throw platformError("SIGN_IN_NEEDED", { why: "it is for a session" });
  return presented;
}

function isRotationDue({ actor }: Call): boolean {
  return actor.via === "session" && (actor as SessionActor).isRotationDue;
}

export function peopleHandlers(parts: HandlerParts): Handlers {
  const { people, isDev, isTls, version, now } = parts;
  const { users, tokens, sessions, signIn } = people;
  const give = ({ cookieHalf, headerHalf }: Halves, { setCookie }: RouteCall<PlatformCaller>) => {
    setCookie(formatSessionCookie(cookieHalf, isTls));
    return { header: headerHalf };
  };
  const admit = (signedIn: SignedIn, call: RouteCall<PlatformCaller>) => ({
    ...give(signedIn, call),
    userId: signedIn.userId,
    unfinished: signedIn.isUnfinished,
  });
  return {
    openConsole: ({ body }, { caller }) => users.openAsOwner(caller.call, body.login),
    signInByLink: async ({ body }, call) => admit(await users.redeem(call.caller.call, body.link, body.login), call),
    signInByPassword: async ({ body }, call) => admit(await signIn.byPassword(call.caller.call, body), call),
    beginPasskey: (_, { caller }) => signIn.beginPasskey(caller.call),
    signInByPasskey: async ({ body }, call) => admit(await signIn.byPasskey(call.caller.call, body.answer), call),
    rotateSession: async (_, call) => give(await sessions.rotate(call.caller.call, halvesOf(call.caller)), call),
    beginStepUp: (_, { caller }) => signIn.beginStepUp(caller.call),
    stepUp: async ({ body }, call) => {
      const halves = halvesOf(call.caller);
      const renewed =
        "password" in body
          ? await signIn.stepUpByPassword(call.caller.call, halves, body.password)
          : await signIn.stepUpByPasskey(call.caller.call, halves, body.answer);
      return give(renewed, call);
    },
    signOut: async ({ query }, { caller, setCookie }) => {
      if (caller.call.actor.via !== "session") throw platformError("SIGN_IN_NEEDED", { why: "nobody is signed in" });
      if (query.all === "true") await sessions.endAll(caller.call, caller.call.actor.userId);
      else await sessions.end(caller.call);
      setCookie(`${formatSessionCookie("", isTls)}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`);
      return done;
    },
    me: async (_, { caller: { call } }) => {
      const { actor } = call;
      const isPerson = actor.via === "session" || actor.via === "token";
      const user = isPerson ? await users.get(actor.tenant, actor.userId) : undefined;
      return {
        userId: actor.userId,
        login: user?.login ?? null,
        name: user?.name ?? null,
        via: actor.via,
        roles: actor.roles,
        unfinished: actor.isUnfinished,
        fresh: isFresh(actor, now()),
        rotationDue: isRotationDue(call),
        hasPassword: user?.hasPassword ?? false,
        passkeys: actor.via === "session" ? await signIn.passkeysOf(call) : [],
        dev: isDev,
        version,
      };
    },
    setPassword: async ({ body }, { caller }) => {
      await signIn.setPassword(caller.call, body.password);
      return done;
    },
    postponeCredential: async (_, { caller }) => {
      await signIn.postpone(caller.call);
      return done;
    },
    beginPasskeyCreation: (_, { caller }) => signIn.beginPasskeyCreation(caller.call),
    addPasskey: ({ body }, { caller }) => signIn.addPasskey(caller.call, body),
    removePasskey: async ({ params }, { caller }) => {
      await signIn.removePasskey(caller.call, params.passkey);
      return done;
    },
    tokens: async (_, { caller }) => {
      const { tenant, userId, via } = caller.call.actor;
      if (via === "local") {
        const everybody = await users.list(tenant);
        return { items: (await Promise.all(everybody.map(({ id }) => tokens.list(tenant, id)))).flat() };
      }
      if (via !== "session" && via !== "token") return { items: [] };
      return { items: await tokens.list(tenant, userId) };
    },
    createToken: ({ body: { days, user, ...draft } }, { caller }) =>
      tokens.create(caller.call, { ...draft, userId: user, lifeMs: days * DAY_MS }),
    removeToken: async ({ params }, { caller }) => {
      await tokens.remove(caller.call, params.user, params.token);
      return done;
    },
    users: async (_, { caller }) => ({ items: await users.list(caller.call.actor.tenant) }),
    setRoles: ({ params, body }, { caller }) => users.setRoles(caller.call, params.user, body.roles),
    removeUser: async ({ params }, { caller }) => {
      await users.remove(caller.call, params.user);
      return done;
    },
    createLink: ({ params }, { caller }) => users.createLink(caller.call, params.user),
    invites: async (_, { caller }) => ({ items: await users.invites(caller.call.actor.tenant) }),
    invite: ({ body }, { caller }) => users.invite(caller.call, body),
    removeInvite: async ({ params }, { caller }) => {
      await users.removeInvite(caller.call, params.invite);
      return done;
    },
  };
}
