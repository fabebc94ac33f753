// A box whose content may be wider than it is. Only then it can be reached by keyboard: a stop at every table would be one too many.

import { useElementSize, useMergedRef } from "@mantine/hooks";
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from "react";

export function ScrollBox({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactElement {
  const box = useRef<HTMLElement>(null);
  const { ref, width } = useElementSize();
  const merged = useMergedRef(box, ref);
  const [isWider, setIsWider] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element !== null && width > 0) setIsWider(element.scrollWidth > element.clientWidth);
  }, [width]);
  if (!isWider)
    return (
      <div ref={merged} className="b-table-box">
        {children}
      </div>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (axe: scrollable-region-focusable)
    <section ref={merged} className="b-table-box" aria-label={`${label}, to be scrolled sideways`} tabIndex={0}>
      {children}
    </section>
  );
}
