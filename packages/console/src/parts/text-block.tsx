// A long text that scrolls by itself: reachable by keyboard, and named for those who do not see where it begins.

import type { ReactElement } from "react";

export function TextBlock({ label, text }: { readonly label: string; readonly text: string }): ReactElement {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
    <section className="b-log" aria-label={label} tabIndex={0}>
      <pre>{text}</pre>
    </section>
  );
}
