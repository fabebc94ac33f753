// A node's options as its file has them, and the public halves of its keys.

import type { ReactElement } from "react";
import { CopyButton } from "../../parts/copy.tsx";
import { Hash } from "../../parts/hash.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Panel } from "../../parts/page.tsx";
import { Loaded } from "../../parts/page-states.tsx";
import { TextBlock } from "../../parts/text-block.tsx";
import { useRead } from "../../platform/queries.ts";

export function NodeConfig({ network, node }: { readonly network: string; readonly node: string }): ReactElement {
  const read = useRead("nodeConfig", { params: { network, node } });
  return (
    <Loaded read={read} what="the options">
      {({ config, identity }) => {
        const text = JSON.stringify(config, null, 2);
        return (
          <>
            <Panel title="Public keys" note="Private halves never leave the node's folder.">
              <KeyValue
                facts={Object.entries(identity).map(([name, value]) => ({
                  name,
                  value: <Hash value={value} what={name} />,
                }))}
              />
            </Panel>
            <Panel
              title="node.json"
              note="Written by the platform from the definition; changes made by hand are overwritten."
              actions={<CopyButton text={text} what="options" />}
              flush
            >
              <TextBlock label="Options of the node" text={text} />
            </Panel>
          </>
        );
      }}
    </Loaded>
  );
}
