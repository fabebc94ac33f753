// Steps under each other, with what each is doing now: where something is, and what is still to come.

import type { ReactElement, ReactNode } from "react";
import type { Status } from "../view/status.ts";
import { Icon } from "./icons.tsx";
import { StatusBadge, TONE_ICONS } from "./status-badge.tsx";

export type Step = {
  readonly name: string;
  readonly title: string;
  readonly status: Status;
  readonly detail: ReactNode;
};

export function Stepper({ label, steps }: { readonly label: string; readonly steps: readonly Step[] }): ReactElement {
  return (
    <ol className="b-stepper" aria-label={label}>
      {steps.map(({ name, title, status, detail }) => (
        <li key={name} aria-current={status.tone === "busy" ? "step" : undefined}>
          <span className={`b-stepper-sign b-${status.tone}`}>
            <Icon name={TONE_ICONS[status.tone]} size={16} />
          </span>
          <div className="b-stepper-text">
            <span className="b-stepper-title">
              {title} <StatusBadge {...status} />
            </span>
            {detail !== "" && <span className="b-step-note">{detail}</span>}
          </div>
        </li>
      ))}
    </ol>
  );
}
