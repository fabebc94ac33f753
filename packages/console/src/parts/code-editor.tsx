// A text with line numbers, where lines can be marked as wrong: for definitions, which are a page long. A plain text area, so that
// every keyboard, screen reader and browser search works in it as people are used to.

import "./code-editor.css";
import { type KeyboardEvent, type ReactElement, type UIEvent, useRef } from "react";

type EditorProps = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Lines with a problem, from 1. */
  readonly wrongLines: ReadonlySet<number>;
  /** Id of the element that lists the problems. */
  readonly describedBy: string;
};

const INDENT = "  ";

export function CodeEditor({ label, value, onChange, wrongLines, describedBy }: EditorProps): ReactElement {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split("\n").length;
  const follow = (event: UIEvent<HTMLTextAreaElement>): void => {
    if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop;
  };
  const keepIndent = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const area = event.currentTarget;
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    const line = value.slice(value.lastIndexOf("\n", area.selectionStart - 1) + 1, area.selectionStart);
    const indent = /^\s*/.exec(line)?.[0] ?? "";
    if (indent === "" && !line.endsWith(":")) return;
    event.preventDefault();
    area.setRangeText(`\n${indent}${line.endsWith(":") ? INDENT : ""}`, area.selectionStart, area.selectionEnd, "end");
    onChange(area.value);
  };
  return (
    <div className="b-code-editor">
      <div ref={gutter} className="b-code-gutter" aria-hidden="true">
        {Array.from({ length: lines }, (_, i) => i + 1).map((line) => (
          <div key={line} className={wrongLines.has(line) ? "b-code-wrong" : undefined}>
            {line}
          </div>
        ))}
      </div>
      <textarea
        aria-label={label}
        aria-invalid={wrongLines.size > 0}
        aria-describedby={describedBy}
        value={value}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        wrap="off"
        rows={Math.min(Math.max(lines + 1, 16), 34)}
        onChange={(event) => onChange(event.currentTarget.value)}
        onScroll={follow}
        onKeyDown={keepIndent}
      />
    </div>
  );
}
