// What this platform is, where its parts are, and what it does not do.

import type { ReactElement } from "react";
import { CommandLine } from "../../parts/command-line.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Panel } from "../../parts/page.tsx";
import { Loaded } from "../../parts/page-states.tsx";
import { useMe } from "../../platform/me.ts";

export function About(): ReactElement {
  const read = useMe();
  return (
    <Loaded read={read} what="the platform">
      {({ version, dev }) => (
        <>
          <Panel title="This platform">
            <KeyValue
              facts={[
                { name: "Release", value: version },
                { name: "Kind", value: dev ? "development: one OS user, dev networks" : "production" },
                { name: "API", value: <a href="/openapi.json">OpenAPI document</a> },
                { name: "Licence", value: "Apache-2.0" },
              ]}
            />
          </Panel>
          <Panel title="What it can and cannot do">
            <div className="b-prose">
              <p>
                It knows public keys alone. It can stop nodes and it can be wrong on its screens; it cannot sign blocks
                or pay.
              </p>
              {dev && (
                <p>
                  Here the nodes run as the same user of the operating system: that holds against its API and its
                  database, not against somebody who runs programs as that user.
                </p>
              )}
              <p>It sends nothing to anybody: there is no telemetry, and this page loads nothing from elsewhere.</p>
            </div>
          </Panel>
          <CommandLine command="bystack version" />
        </>
      )}
    </Loaded>
  );
}
