// The people of a platform, put together: what a server needs to let requests in and to serve the routes for people.

import type { Clock, Logger, Rng } from "@bystack/utils/ports";
import type { PlatformStore } from "../store/store.ts";
import { Access } from "./access.ts";
import type { PeopleContext } from "./context.ts";
import { Denials } from "./denials.ts";
import { Limits } from "./limits.ts";
import { Challenges, type PasskeyVerifier } from "./passkeys.ts";
import { type DeriveKey, Passwords } from "./passwords.ts";
import { Sessions } from "./sessions.ts";
import { SignIn } from "./sign-in.ts";
import { createSteadyNow } from "./time.ts";
import { Tokens } from "./tokens.ts";
import { Users } from "./users.ts";

export type PeopleOptions = {
  readonly store: PlatformStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly isTenant: (tenant: string) => boolean;
  /** Whose log takes what belongs to no tenant, and where people sign in when nothing else is said. */
  readonly tenant: string;
  readonly isDev: boolean;
  /** One for the process: it holds the queue of all derivations. */
  readonly deriveKey: DeriveKey;
  readonly passkeys: PasskeyVerifier | undefined;
};

export type People = {
  readonly access: Access;
  readonly users: Users;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly limits: Limits;
  readonly denials: Denials;
};

/** One for each process. Call `denials.flush` before the store is closed. */
export function createPeople(options: PeopleOptions): People {
  const { store, clock, rng, logger, tenant, isTenant, isDev, deriveKey } = options;
  const now = createSteadyNow(clock);
  const limits = new Limits(clock);
  const denials = new Denials({ store, clock, logger, tenant });
  const context: PeopleContext = { store, rng, logger, now, limits, denials, isTenant, tenant, isDev };
  const sessions = new Sessions(context);
  const tokens = new Tokens(context);
  const passwords = new Passwords({ derive: deriveKey, rng });
  const challenges = new Challenges({ rng, now });
  const signIn = new SignIn(context, { passwords, sessions, challenges, passkeys: options.passkeys });
  return {
    access: new Access(context, { tokens, sessions }),
    users: new Users(context),
    tokens,
    sessions,
    signIn,
    limits,
    denials,
  };
}
