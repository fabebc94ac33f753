// What people may be called, and what they may choose as a password. A login is compared, so it has one form only; a name is
// shown, so it must not be able to look like something else on the page.

import { platformError } from "../errors.ts";

/** Characters of a login. */
export const LOGIN_CHARS_MAX = 64;
/** Characters of a name for people, tokens and passkeys. */
export const NAME_CHARS_MAX = 100;
/** Characters of a password; a longer one would be work for nothing. */
export const PASSWORD_CHARS_MAX = 1_024;
export const PASSWORD_CHARS_MIN = 12;

const LOGIN = /^[a-z0-9][a-z0-9._+@-]*$/;
/** Controls, bidirectional and zero-width marks, halves of pairs, private and unassigned characters; line separators. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** The form in which a login is kept and compared. @returns undefined for what nobody can be called */
export function tryParseLogin(text: string): string | undefined {
  if (text.length > LOGIN_CHARS_MAX) return undefined;
  // ASCII alone is folded: the long s and the Kelvin sign are no letters of a login.
  const login = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return LOGIN.test(login) ? login : undefined;
}

/** @throws BystackError NAME_INVALID */
export function parseLogin(text: string): string {
  const login = tryParseLogin(text);
  if (login !== undefined) return login;
  throw platformError("NAME_INVALID", {
    why: `a login has 1 to ${LOGIN_CHARS_MAX} of the letters a-z, 0-9 and . _ + @ -`,
  });
}

/** @throws BystackError NAME_INVALID */
export function parseName(text: string): string {
  if (text.length > NAME_CHARS_MAX * 4) throw platformError("NAME_INVALID", { why: `${text.length} characters` });
  const name = text.normalize("NFC");
  const isFine = name.length > 0 && name.length <= NAME_CHARS_MAX && name.trim() === name && !HIDDEN.test(name);
  if (isFine) return name;
  throw platformError("NAME_INVALID", { why: `a name has 1 to ${NAME_CHARS_MAX} visible characters` });
}

/** The form of which the hash is taken: the same password from every keyboard (RFC 8265, NIST SP 800-63B). */
export function normalizePassword(text: string): string {
  return text.slice(0, PASSWORD_CHARS_MAX).normalize("NFKC");
}

/** @throws BystackError PASSWORD_WEAK; it never repeats the password */
export function assertPassword(text: string, login: string): void {
  const refuse = (why: string) => platformError("PASSWORD_WEAK", { why });
  const length = [...text].length;
  if (length < PASSWORD_CHARS_MIN) throw refuse(`it has fewer than ${PASSWORD_CHARS_MIN} characters`);
  if (text.length > PASSWORD_CHARS_MAX) throw refuse(`it has more than ${PASSWORD_CHARS_MAX} characters`);
  if (new Set(text).size < 5) throw refuse("it has fewer than 5 different characters");
  if (login.length > 2 && text.toLowerCase().includes(login)) throw refuse("the login is a part of it");
}
