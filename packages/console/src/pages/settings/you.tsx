// One's own sign-in: password, passkeys, sessions.

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { CommandLine } from "../../parts/command-line.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Icon } from "../../parts/icons.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Failed, Loaded } from "../../parts/page-states.tsx";
import { type Me, useMe } from "../../platform/me.ts";
import { addPasskey, canUsePasskeys } from "../../platform/passkeys.ts";
import { readAllAgain, useChange } from "../../platform/queries.ts";
import { endSession } from "../../platform/session.ts";
import { formatTime } from "../../view/formats.ts";
import { rolesText } from "../../view/roles.ts";

function Password({ me }: { readonly me: Me }): ReactElement {
  const [password, setPassword] = useState("");
  const set = useChange("setPassword", { onDone: () => setPassword("") });
  return (
    <Panel title="Password" note={me.hasPassword ? "set" : "none yet"}>
      <form
        className="b-form"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({ body: { password } });
        }}
      >
        <input type="text" name="username" autoComplete="username" value={me.login ?? ""} readOnly hidden />
        <PasswordInput
          label="New password"
          description="Four random words are good. All your other sessions end."
          autoComplete="new-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={set.isPending}>
          {me.hasPassword ? "Replace it" : "Set it"}
        </Button>
      </form>
      {set.isSuccess && <p role="status">The password is set.</p>}
      {set.error !== null && <Failed error={set.error} />}
    </Panel>
  );
}

function Passkeys({ me }: { readonly me: Me }): ReactElement {
  const [name, setName] = useState("");
  const add = useMutation({
    mutationFn: () => addPasskey(name.trim() === "" ? "passkey" : name.trim()),
    onSuccess: () => {
      setName("");
      readAllAgain();
    },
  });
  const remove = useChange("removePasskey");
  return (
    <Panel title="Passkeys" flush>
      {me.passkeys.length === 0 ? (
        <Empty
          icon="key"
          sentence="None yet. A passkey signs you in by a touch, and no site can ask you for it in this one's name."
        />
      ) : (
        <DataTable
          label="Passkeys"
          rows={me.passkeys}
          keyOf={({ key }) => key}
          columns={[
            { name: "Name", cell: (passkey) => passkey.name },
            { name: "Made", cell: ({ createdAtMs }) => formatTime(createdAtMs), isExtra: true },
            {
              name: "Actions",
              isAction: true,
              cell: ({ key, name: of }) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Remove the passkey ${of}`}
                  onClick={() => remove.mutate({ params: { passkey: key } })}
                >
                  Remove
                </Button>
              ),
              isNumber: true,
            },
          ]}
        />
      )}
      <div className="b-panel-foot">
        {canUsePasskeys() ? (
          <form
            className="b-form"
            onSubmit={(event) => {
              event.preventDefault();
              add.mutate();
            }}
          >
            <TextInput
              label="Name of the new one"
              placeholder="laptop"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" leftSection={<Icon name="plus" />} loading={add.isPending}>
              Make a passkey
            </Button>
          </form>
        ) : (
          <p className="b-dim">Passkeys need this console by its name (http://localhost, or https), not by a number.</p>
        )}
        {(add.error ?? remove.error) !== null && <Failed error={add.error ?? remove.error} />}
      </div>
    </Panel>
  );
}

export function You(): ReactElement {
  const read = useMe();
  const signOut = useChange("signOut", { onDone: () => endSession("SIGNED_OUT", "everywhere") });
  return (
    <Loaded read={read} what="who you are">
      {(me) => (
        <>
          <Panel
            title="You"
            actions={
              <Button
                size="xs"
                variant="default"
                loading={signOut.isPending}
                onClick={() => signOut.mutate({ query: { all: "true" } })}
              >
                Sign out everywhere
              </Button>
            }
          >
            <KeyValue
              facts={[
                { name: "Login", value: me.login ?? "–" },
                { name: "Name", value: me.name ?? "–" },
                { name: "May", value: rolesText(me.roles) },
              ]}
            />
          </Panel>
          <Password me={me} />
          <Passkeys me={me} />
          <CommandLine label="A new link, should you lose both" command="bystack open" />
        </>
      )}
    </Loaded>
  );
}
