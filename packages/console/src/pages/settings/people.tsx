// Everybody who can sign in, what they may do, and invitations that nobody has used yet. For owners.

import { Button, TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { ConfirmRisk } from "../../parts/confirm-risk.tsx";
import { DataTable } from "../../parts/data-table.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { Icon } from "../../parts/icons.tsx";
import { Panel } from "../../parts/page.tsx";
import { Empty, Failed, Loaded } from "../../parts/page-states.tsx";
import { Secret } from "../../parts/secret.tsx";
import type { Reply } from "../../platform/api.ts";
import { useChange, useRead } from "../../platform/queries.ts";
import { useNow } from "../../platform/time.ts";
import { formatDuration, formatTime } from "../../view/formats.ts";
import { rolesText } from "../../view/roles.ts";
import { type RoleChoice, RoleFields } from "./role-fields.tsx";

type User = Reply<"users">["items"][number];
const AUDITOR: RoleChoice = { role: "a", network: "*" };

/** Where a link leads: this console, with the link behind `#`, which no server sees. */
function addressOf(link: string): string {
  return `${location.origin}/#k=${link}`;
}

function InviteForm(): ReactElement {
  const [name, setName] = useState("");
  const [choice, setChoice] = useState(AUDITOR);
  const invite = useChange("invite", { onDone: () => setName("") });
  return (
    <Panel title="Invite somebody">
      <form
        className="b-form"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate({ body: { name, roles: { [choice.network]: choice.role } } });
        }}
      >
        <TextInput
          label="Name"
          required
          placeholder="Ada Lovelace"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <RoleFields value={choice} onChange={setChoice} />
        <Button type="submit" loading={invite.isPending}>
          Make the link
        </Button>
      </form>
      {invite.data !== undefined && (
        <Secret text={addressOf(invite.data.link)} what="invitation">
          Send this to them. It is good once, until {formatTime(invite.data.expiresAtMs)}, and is not shown again.
        </Secret>
      )}
      {invite.error !== null && <Failed error={invite.error} />}
    </Panel>
  );
}

function RolesDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }): ReactElement {
  const [choice, setChoice] = useState(AUDITOR);
  const set = useChange("setRoles", { onDone: onClose });
  return (
    <Dialog isOpen onClose={onClose} title={`What ${user.name} may do`}>
      <form
        className="b-stack"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({ params: { user: user.id }, body: { roles: { ...user.roles, [choice.network]: choice.role } } });
        }}
      >
        <p>Now: {rolesText(user.roles)}.</p>
        <RoleFields value={choice} onChange={setChoice} />
        {set.error !== null && <Failed error={set.error} />}
        <Button type="submit" loading={set.isPending}>
          Give this role
        </Button>
      </form>
    </Dialog>
  );
}

function UserActions({ user }: { readonly user: User }): ReactElement {
  const [dialog, setDialog] = useState<"roles" | "remove">();
  const remove = useChange("removeUser", { onDone: () => setDialog(undefined) });
  return (
    <span className="b-row-actions">
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Roles of ${user.name}`}
        onClick={() => setDialog("roles")}
      >
        Roles
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Remove ${user.name}`}
        onClick={() => setDialog("remove")}
      >
        Remove
      </Button>
      {dialog === "roles" && <RolesDialog user={user} onClose={() => setDialog(undefined)} />}
      <ConfirmRisk
        isOpen={dialog === "remove"}
        onClose={() => setDialog(undefined)}
        title={`Remove ${user.name}`}
        verb="Remove"
        typed={user.login}
        isDangerous
        isBusy={remove.isPending}
        error={remove.error}
        onConfirm={() => remove.mutate({ params: { user: user.id } })}
      >
        <p>Their sessions, tokens, passkeys and invitations end at once. What they did stays in the audit log.</p>
      </ConfirmRisk>
    </span>
  );
}

function signInText({ hasPassword, passkeys }: User): string {
  const ways = [
    ...(hasPassword ? ["password"] : []),
    ...(passkeys > 0 ? [`${passkeys} passkey${passkeys === 1 ? "" : "s"}`] : []),
  ];
  return ways.length === 0 ? "link only" : ways.join(", ");
}

function Users(): ReactElement {
  const read = useRead("users");
  return (
    <Panel title="Everybody" flush>
      <Loaded read={read} what="the people">
        {({ items }) => (
          <DataTable
            label="People"
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              { name: "Name", cell: ({ name }) => name },
              { name: "Login", cell: ({ login }) => login, isExtra: true },
              { name: "May", cell: ({ roles }) => rolesText(roles) },
              { name: "Signs in by", cell: signInText, isExtra: true },
              { name: "Actions", isAction: true, cell: (user) => <UserActions user={user} />, isNumber: true },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function Invites(): ReactElement {
  const read = useRead("invites");
  const nowMs = useNow();
  const remove = useChange("removeInvite");
  return (
    <Panel title="Invitations" note="that nobody has used yet" flush>
      <Loaded read={read} what="the invitations">
        {({ items }) =>
          items.length === 0 ? (
            <Empty
              icon="people"
              sentence="There is none. Invite an auditor to let somebody look at everything without changing it."
            />
          ) : (
            <DataTable
              label="Invitations"
              rows={items}
              keyOf={({ id }) => id}
              columns={[
                { name: "For", cell: ({ name }) => name },
                { name: "May", cell: ({ roles }) => rolesText(roles) },
                { name: "Good for", cell: ({ expiresAtMs }) => formatDuration(expiresAtMs - nowMs), isExtra: true },
                {
                  name: "Actions",
                  isAction: true,
                  cell: ({ id, name }) => (
                    <Button
                      size="compact-sm"
                      variant="default"
                      leftSection={<Icon name="trash" size={14} />}
                      aria-label={`Take back the invitation of ${name}`}
                      onClick={() => remove.mutate({ params: { invite: id } })}
                    >
                      Take back
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
  );
}

export function People(): ReactElement {
  return (
    <>
      <Users />
      <InviteForm />
      <Invites />
    </>
  );
}
