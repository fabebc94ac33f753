// Why something is as it is: what the platform concludes, causes first, in the same words as `bystack why`. Each finding has its
// sentence, since when, what it rests on, and the commands to try.

import type { Finding, WhyReport } from "@bystack/api/why-schema";
import type { ReactElement } from "react";
import type { Read } from "../platform/queries.ts";
import { useNow } from "../platform/time.ts";
import { formatAge, formatDuration } from "../view/formats.ts";
import type { Status } from "../view/status.ts";
import { CommandLine } from "./command-line.tsx";
import { Panel } from "./page.tsx";
import { Loaded } from "./page-states.tsx";
import { StatusBadge } from "./status-badge.tsx";

const SEVERITIES: Readonly<Record<Finding["severity"], Status>> = {
  critical: { tone: "bad", word: "critical" },
  problem: { tone: "warn", word: "problem" },
  note: { tone: "idle", word: "note" },
};
/** Commands of one finding that are shown; more of them are the same for more nodes. */
const COMMANDS_SHOWN = 3;

function FindingLine({ finding }: { readonly finding: Finding }): ReactElement {
  const { severity, sentence, sinceMs, evidence, commands, causes } = finding;
  const nowMs = useNow();
  return (
    <li className="b-finding">
      <StatusBadge {...SEVERITIES[severity]} />
      <div className="b-stack">
        <p>
          {sentence} {sinceMs !== null && <span className="b-dim">Since {formatAge(sinceMs, nowMs)}.</span>}
        </p>
        {causes.length > 0 && <p className="b-dim">Because of: {causes.join(", ")}.</p>}
        {commands.slice(0, COMMANDS_SHOWN).map((command) => (
          <CommandLine key={command} command={command} label={null} />
        ))}
        {evidence.length > 0 && (
          <details>
            <summary>What this rests on</summary>
            <ul>
              {evidence.map((line, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines of one answer, never reordered, may be equal
                <li key={i} className="b-evidence">
                  {line}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
    </li>
  );
}

type WhyPanelProps = {
  readonly read: Read<WhyReport>;
  /** The command that says the same. */
  readonly command: string;
};

export function WhyPanel({ read, command }: WhyPanelProps): ReactElement {
  const took = read.data === undefined ? undefined : `asked of all nodes in ${formatDuration(read.data.collectMs)}`;
  return (
    <Panel title="Why?" note={took} flush>
      <Loaded read={read} what="what is wrong">
        {({ findings }) =>
          findings.length === 0 ? (
            <p className="b-why-well">
              <StatusBadge tone="good" word="nothing is wrong" /> Whatever was asked works as it should.
            </p>
          ) : (
            <ul>
              {findings.map((finding) => (
                <FindingLine key={`${finding.id} ${finding.subject}`} finding={finding} />
              ))}
            </ul>
          )
        }
      </Loaded>
      <div className="b-panel-foot">
        <CommandLine command={command} />
      </div>
    </Panel>
  );
}
