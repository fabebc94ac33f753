// Findings of "why": what is the case, what it rests on, what to do.

import type { ReactElement } from "react";
import type { Reply } from "../platform/api.ts";
import { CommandLine } from "./command-line.tsx";
import { Icon } from "./icons.tsx";

type Finding = Reply<"whyNetwork">["findings"][number];
const TONES = { critical: "bad", problem: "warn", note: "idle" } as const;

export function Findings({ findings }: { readonly findings: readonly Finding[] }): ReactElement {
  return (
    <ul className="b-findings">
      {findings.map(({ id, severity, subject, sentence, evidence, commands }) => (
        <li key={`${id} ${subject}`} className={`b-finding b-finding-${TONES[severity]}`}>
          <Icon name={severity === "note" ? "idle" : "warn"} size={18} />
          <div className="b-stack">
            <p>
              <strong>{sentence}</strong>
            </p>
            {evidence.length > 0 && (
              <ul className="b-dim">
                {evidence.map((line) => (
                  <li key={line}>{line}</li>
                ))}
              </ul>
            )}
            {commands.map((command) => (
              <CommandLine key={command} command={command} label={null} />
            ))}
          </div>
        </li>
      ))}
    </ul>
  );
}
