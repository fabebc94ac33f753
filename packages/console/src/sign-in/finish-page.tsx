// After a link: how one signs in from now on. On a dev platform this can wait.

import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { Icon } from "../parts/icons.tsx";
import { Failed } from "../parts/page-states.tsx";
import type { Me } from "../platform/me.ts";
import { addPasskey, canUsePasskeys } from "../platform/passkeys.ts";
import { readAllAgain, useChange } from "../platform/queries.ts";
import { Card } from "./card.tsx";

export function FinishPage({ me }: { readonly me: Me }): ReactElement {
  const [password, setPassword] = useState("");
  const set = useChange("setPassword");
  const postpone = useChange("postponeCredential");
  const passkey = useMutation({ mutationFn: () => addPasskey("first passkey"), onSuccess: readAllAgain });
  const error = set.error ?? passkey.error ?? postpone.error;
  return (
    <Card title="One thing before you start">
      <p>
        You are in as <strong>{me.login ?? me.userId}</strong>. The link that brought you is used up: choose how you
        sign in the next time.
      </p>
      {canUsePasskeys() && (
        <Button
          leftSection={<Icon name="key" />}
          fullWidth
          loading={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          Make a passkey
        </Button>
      )}
      <form
        className="b-stack"
        onSubmit={(event) => {
          event.preventDefault();
          set.mutate({ body: { password } });
        }}
      >
        <input type="text" name="username" autoComplete="username" value={me.login ?? ""} readOnly hidden />
        <PasswordInput
          label="Password"
          description="Long rather than strange: four random words are good"
          autoComplete="new-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" fullWidth loading={set.isPending}>
          Set the password
        </Button>
      </form>
      {error !== null && <Failed error={error} />}
      {me.dev && (
        <div className="b-card-foot">
          <p>This is a dev platform: it can wait.</p>
          <Button variant="subtle" loading={postpone.isPending} onClick={() => postpone.mutate({})}>
            Later
          </Button>
        </div>
      )}
    </Card>
  );
}
