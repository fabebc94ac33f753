// Draws an icon in the colour of the text around it.

import type { ReactElement } from "react";
import { ICON_PATHS, type IconName } from "./icon-paths.ts";

/** Decorative by itself: the word beside it says the same. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): ReactElement {
  return (
    <svg
      className={`b-icon b-icon-${name}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.9}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={ICON_PATHS[name]} />
    </svg>
  );
}
