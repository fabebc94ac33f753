// A hash, key or id: shortened for the eye, whole for the clipboard and the pointer.

import type { ReactElement } from "react";
import { Link } from "wouter";
import { shortHash } from "../view/formats.ts";
import { CopyButton } from "./copy.tsx";

type HashProps = {
  readonly value: string;
  /** What it is: `block hash`, `transaction`, `plan`. */
  readonly what: string;
  /** The page about it. */
  readonly href?: string;
  /** Shown whole, where there is room; breaks anywhere. */
  readonly whole?: boolean;
};

export function Hash({ value, what, href, whole = false }: HashProps): ReactElement {
  const text = (
    <code className={whole ? "b-hash b-hash-whole" : "b-hash"} title={value}>
      {whole ? value : shortHash(value)}
    </code>
  );
  return (
    <span className="b-hash-box">
      {href === undefined ? text : <Link href={href}>{text}</Link>}
      <CopyButton text={value} what={what} />
    </span>
  );
}
