// Status as word, icon and colour together.

import type { ReactElement } from "react";
import type { Status, Tone } from "../view/status.ts";
import type { IconName } from "./icon-paths.ts";
import { Icon } from "./icons.tsx";

export const TONE_ICONS: Readonly<Record<Tone, IconName>> = {
  good: "check",
  warn: "warn",
  bad: "stop",
  busy: "busy",
  idle: "idle",
};

/** The word says it; icon and colour repeat it. */
export function StatusBadge({ tone, word }: Status): ReactElement {
  return (
    <span className={`b-status b-${tone}`}>
      <Icon name={TONE_ICONS[tone]} size={14} />
      {word}
    </span>
  );
}
