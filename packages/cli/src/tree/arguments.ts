// Arguments and options that are more than text, as the command line checks them before a command runs.

import { ROLE_NAMES, ROLES, type Role } from "@bystack/api/role";
import { InvalidArgumentError } from "commander";

/** How many lines of a log. @throws InvalidArgumentError */
export function lineCount(text: string): string {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("A number of lines is from 1 to 999999.");
  return text;
}

/** A share in percent. @throws InvalidArgumentError */
export function percent(text: string): string {
  if (!/^(?:\d{1,2}|100)$/.test(text)) throw new InvalidArgumentError("A share is from 0 to 100 percent.");
  return text;
}

/** How many nodes. @throws InvalidArgumentError */
export function nodeCount(text: string): string {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError("A number of nodes is from 0 to 99.");
  return text;
}

/** The number of an operation, as people type it. @throws InvalidArgumentError */
export function operationNumber(text: string): string {
  if (!/^\d{1,16}$/.test(text)) throw new InvalidArgumentError("An operation has a number: bystack operation list.");
  return text;
}

/** Which epoch. @throws InvalidArgumentError */
export function epochName(text: string): string {
  if (!/^(?:now|next|[1-9]\d{0,14})$/.test(text))
    throw new InvalidArgumentError("An epoch is now, next, or from 1 on.");
  return text;
}

/** A role by its name or letter. @throws InvalidArgumentError */
export function role(text: string): Role {
  const found = ROLES.find((letter) => letter === text || ROLE_NAMES[letter] === text);
  if (found === undefined) throw new InvalidArgumentError(`A role is one of ${Object.values(ROLE_NAMES).join(", ")}.`);
  return found;
}

/** How many days something is good for. @throws InvalidArgumentError */
export function dayCount(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > 365) throw new InvalidArgumentError("A number of days is from 1 to 365.");
  return days;
}

/** The number of a row of the audit log. @throws InvalidArgumentError */
export function rowNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("A row has a number: bystack audit head.");
  return Number(text);
}

/** Number and hash of a row of the audit log, as `audit head` tells them. @throws InvalidArgumentError */
export function auditMark(text: string): { readonly seq: number; readonly hash: string } {
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError("A mark is a row's number and hash, as bystack audit head tells them.");
  return { seq: Number(match[1]), hash: match[2] ?? "" };
}

/** How long a silence lasts. @throws InvalidArgumentError */
export function minutes(text: string): string {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 30 * 24 * 60)
    throw new InvalidArgumentError("A silence is from 0 to 43200 minutes, which are 30 days.");
  return text;
}
