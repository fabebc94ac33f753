// The command that does the same as the form or button beside it: to learn, to script, to paste at night.

import type { ReactElement } from "react";
import { CopyButton } from "./copy.tsx";

export function CommandLine({
  command,
  label = "Same on the command line",
}: {
  readonly command: string;
  readonly label?: string | null | undefined;
}): ReactElement {
  return (
    <div className="b-command">
      {label !== null && <span className="b-command-label">{label}</span>}
      <span className="b-command-line">
        <span className="b-command-prompt" aria-hidden="true">
          $
        </span>
        <code>{command}</code>
        <CopyButton text={command} what="command" />
      </span>
    </div>
  );
}

/** A sentence with commands in it, as errors and findings have them: `Start it: bystack up.` The command can be copied. */
export function Advice({ text }: { readonly text: string }): ReactElement {
  const match = /\bbystack(?: [a-z<>[\]][\w<>[\]./=-]*| --?[a-z][\w=-]*)+/.exec(text);
  if (match === null) return <>{text}</>;
  const command = match[0].replace(/[.,;:]+$/, "");
  return (
    <>
      {text.slice(0, match.index)}
      <span className="b-inline-command">
        <code>{command}</code>
        <CopyButton text={command} what="command" />
      </span>
      {text.slice(match.index + command.length)}
    </>
  );
}
