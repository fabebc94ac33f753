// Schemas that several groups of the platform's routes share.

import { z } from "zod";
import { ROLES } from "../role.ts";
import * as s from "../schemas.ts";

/** Names of networks, chains and nodes (platform.md section 2). */
export const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "a small letter, then up to 30 small letters, digits or hyphens")
  .meta({ title: "name" });
/** Of a node: a chain's name and a number. */
export const nodeName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, "the name of a node")
  .meta({ title: "node" });
export const count = z.number().int().nonnegative();
export const text = z.string();
export const when = s.milliseconds.nullable();
export const role = z.enum(ROLES).meta({ title: "role" });
/** Role by network; `*` for all of them. */
export const roles = z.record(z.union([z.literal("*"), name]), role).readonly();

/** What a handler answers from values that are not its own to change. */
export const readonlyArray = <T extends z.ZodType>(item: T) => z.array(item).readonly();

export const NETWORK = z.strictObject({ network: name });
export const CHAIN = z.strictObject({ network: name, chain: name });
export const NODE = z.strictObject({ network: name, node: nodeName });

/** Where a list of numbered rows goes on. */
export const numberCursor = z
  .string()
  .regex(/^\d{16}$/, "a cursor as the page before told it")
  .optional();

/** Characters of a network's definition that a plan is asked for. */
export const definition = z.string().max(s.DEFINITION_CHARS_MAX);
