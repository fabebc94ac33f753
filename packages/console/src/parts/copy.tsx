// Copying a text: a small button that says that it was done, also to those who do not see it.

import { useClipboard } from "@mantine/hooks";
import type { ReactElement } from "react";
import { Icon } from "./icons.tsx";

/** @param what for screen readers: `Copy <what>` */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }): ReactElement {
  const clipboard = useClipboard({ timeout: 1500 });
  return (
    <button
      type="button"
      className="b-copy"
      aria-label={clipboard.copied ? "Copied" : `Copy ${what}`}
      title={clipboard.copied ? "Copied" : `Copy ${what}`}
      onClick={() => clipboard.copy(text)}
    >
      <Icon name={clipboard.copied ? "check" : "copy"} size={14} />
      <span className="b-unseen" role="status">
        {clipboard.copied ? "Copied" : ""}
      </span>
    </button>
  );
}
