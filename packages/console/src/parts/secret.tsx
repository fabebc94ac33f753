// A text that is shown once: a link, a token. Whoever leaves the page has had it.

import type { ReactElement, ReactNode } from "react";
import { CopyButton } from "./copy.tsx";
import { Icon } from "./icons.tsx";

export function Secret({
  text,
  what,
  children,
}: {
  readonly text: string;
  readonly what: string;
  readonly children: ReactNode;
}): ReactElement {
  return (
    <div className="b-secret" role="status">
      <p>
        <Icon name="key" size={16} /> {children}
      </p>
      <span className="b-command-line">
        <code>{text}</code>
        <CopyButton text={text} what={what} />
      </span>
    </div>
  );
}
