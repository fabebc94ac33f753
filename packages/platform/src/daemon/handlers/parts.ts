// What the groups of handlers share.

import type { Alerts } from "../../alert/alerts.ts";
import { APPLY_INPUT } from "../../operation/apply/site.ts";
import type { AuditLine } from "../../operation/journal.ts";
import type { Operation } from "../../operation/record.ts";
import type { PeopleContext } from "../../people/context.ts";
import { auditOf } from "../../people/context.ts";
import type { People } from "../../people/people.ts";
import type { PlatformStore } from "../../store/store.ts";
import type { PlatformCaller } from "../door.ts";
import type { Platform } from "../platform.ts";

export type HandlerParts = {
  readonly platform: Platform;
  readonly store: PlatformStore;
  readonly people: People;
  readonly alerts: Alerts;
  readonly isDev: boolean;
  /** The site's cookies are sent over TLS alone. */
  readonly isTls: boolean;
  readonly version: string;
  readonly now: PeopleContext["now"];
  readonly onStopAsked: () => void;
};

/** What is shown of an operation: of a long definition its hash. */
export function shown({ input, ...operation }: Operation) {
  const { success, data } = APPLY_INPUT.safeParse(input);
  return { ...operation, definitionHash: success ? data.definitionHash : null };
}

/** The line of the audit log for what somebody has asked for and gets. */
export function lineOf(caller: PlatformCaller, route: string, target: string): AuditLine {
  return auditOf(caller.call, { route, target, outcome: "ok" });
}

export function actorOf({ call }: PlatformCaller): string {
  return call.actor.userId;
}
