// Lines of a node's log, taken apart so that time, level and message stand under each other.

import type { ReactElement } from "react";
import { parseLogLine } from "../view/log-line.ts";

export type NumberedLine = { readonly number: number; readonly text: string };

export function LogLines({ lines }: { readonly lines: readonly NumberedLine[] }): ReactElement {
  return (
    <>
      {lines.map(({ number, text }) => {
        const { time, level, tone, message, fields } = parseLogLine(text);
        return (
          <div key={number} className={`b-log-line b-log-${tone}`}>
            {time !== "" && <span className="b-log-time">{time}</span>}
            {level !== "" && <span className="b-log-level">{level}</span>}
            <span>
              {message} <span className="b-log-fields">{fields}</span>
            </span>
          </div>
        );
      })}
    </>
  );
}
