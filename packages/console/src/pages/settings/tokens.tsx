// Tokens for programs: never more than their maker, for a year at most, shown once.

import { ROLES } from "@bystack/api/role";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { CommandLine } from "../../parts/command-line.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Failed, Loaded } from "../../parts/page-states.tsx";
import { Secret } from "../../parts/secret.tsx";
import { hasRole, useMe } from "../../platform/me.ts";
import { useChange, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { formatDuration } from "../../view/formats.ts";
import { GIVEN_ROLES, rolesText } from "../../view/roles.ts";
import { type RoleChoice, RoleFields } from "./role-fields.tsx";

const LIFETIMES = [
  { value: "7", label: "a week" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
];

function TokenForm(): ReactElement {
  const [name, setName] = useState("");
  const [choice, setChoice] = useState<RoleChoice>({ role: ROLES[1], network: "*" });
  const [days, setDays] = useState("30");
  const { data: me } = useMe();
  const create = useChange("createToken", { onDone: () => setName("") });
  return (
    <Panel title="New token">
      <form
        className="b-form"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ body: { name, role: choice.role, network: choice.network, days: Number(days) } });
        }}
      >
        <TextInput
          label="What it is for"
          required
          placeholder="nightly report"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <RoleFields
          value={choice}
          onChange={setChoice}
          roles={GIVEN_ROLES.filter((role) => hasRole(me, role, choice.network))}
        />
        <NativeSelect
          label="Good for"
          data={LIFETIMES}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <Button type="submit" loading={create.isPending}>
          Make the token
        </Button>
      </form>
      {create.data !== undefined && (
        <>
          <Secret text={create.data.text} what="token">
            Keep it now: it is not shown again.
          </Secret>
          <CommandLine
            label="A first call with it"
            command={`curl -H "authorization: Bearer $TOKEN" ${location.origin}/v1/networks`}
          />
        </>
      )}
      {create.error !== null && <Failed error={create.error} />}
    </Panel>
  );
}

export function Tokens(): ReactElement {
  const read = useRead("tokens");
  const nowMs = useNow();
  const remove = useChange("removeToken");
  return (
    <>
      <Panel title="Your tokens" flush>
        <Loaded read={read} what="the tokens">
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="key" sentence="There is none. A program that reads or changes networks signs in with one." />
            ) : (
              <DataTable
                label="Tokens"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { name: "For", cell: ({ name }) => name },
                  { name: "May", cell: ({ role, network }) => rolesText({ [network]: role }) },
                  { name: "Good for", cell: ({ expiresAtMs }) => formatDuration(expiresAtMs - nowMs), isExtra: true },
                  {
                    name: "Actions",
                    isAction: true,
                    cell: ({ id, userId, name }) => (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={`End the token ${name}`}
                        onClick={() => remove.mutate({ params: { user: userId, token: id } })}
                      >
                        End
                      </Button>
                    ),
                    isNumber: true,
                  },
                ]}
              />
            )
          }
        </Loaded>
        {remove.error !== null && <Failed error={remove.error} />}
      </Panel>
      <TokenForm />
    </>
  );
}
