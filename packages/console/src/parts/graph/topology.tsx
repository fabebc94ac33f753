// Place for the topology: measures its width, lays the boxes out, and fetches the drawing when it is first shown.

import { useElementSize } from "@mantine/hooks";
import { lazy, type ReactElement, Suspense, useMemo } from "react";
import { type TopologyInput, topologyOf } from "../../view/topology.ts";

const Canvas = lazy(async () => ({ default: (await import("./topology-canvas.tsx")).TopologyCanvas }));

export function TopologyView({ input, at }: { readonly input: TopologyInput; readonly at: string }): ReactElement {
  const { ref, width } = useElementSize();
  const topology = useMemo(() => (width === 0 ? undefined : topologyOf(input, width)), [input, width]);
  return (
    <div ref={ref} className="b-topology" style={{ height: topology?.height ?? 200 }}>
      {topology !== undefined && (
        <Suspense fallback={<span data-loading="" />}>
          <Canvas topology={topology} at={at} />
        </Suspense>
      )}
    </div>
  );
}
