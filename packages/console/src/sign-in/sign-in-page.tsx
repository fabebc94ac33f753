// Signing in: by login and password, or by passkey. Who has neither gets a link on the platform's own machine.

import { Button, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { CommandLine } from "../parts/command-line.tsx";
import { Icon } from "../parts/icons.tsx";
import { Failed } from "../parts/page-states.tsx";
import { call } from "../platform/api.ts";
import { canUsePasskeys, signInByPasskey } from "../platform/passkeys.ts";
import { readAllAgain } from "../platform/queries.ts";
import { keepSession, type SessionState } from "../platform/session.ts";
import { Card } from "./card.tsx";

/** Why somebody who was signed in is here again. */
function EndNote({ session }: { readonly session: SessionState }): ReactElement | null {
  if (session.kind === "open" || session.code === "SIGN_IN_NEEDED") return null;
  const text =
    session.code === "SIGNED_OUT"
      ? "You have signed out."
      : "Your session is over. What you were looking at opens again after you have signed in.";
  return (
    <p className="b-stale" role="status">
      <Icon name="warn" size={18} />
      <span>{text}</span>
    </p>
  );
}

function PasswordForm(): ReactElement {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useMutation({
    mutationFn: async () => keepSession((await call("signInByPassword", { body: { login, password } })).header),
    onSuccess: readAllAgain,
  });
  return (
    <form
      className="b-stack"
      onSubmit={(event) => {
        event.preventDefault();
        signIn.mutate();
      }}
    >
      <TextInput
        label="Login"
        name="username"
        autoComplete="username"
        spellCheck={false}
        required
        value={login}
        onChange={(event) => setLogin(event.currentTarget.value)}
      />
      <PasswordInput
        label="Password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      {signIn.error !== null && <Failed error={signIn.error} />}
      <Button type="submit" loading={signIn.isPending} fullWidth>
        Sign in
      </Button>
    </form>
  );
}

export function SignInPage({ session }: { readonly session: SessionState }): ReactElement {
  const passkey = useMutation({ mutationFn: signInByPasskey, onSuccess: readAllAgain });
  return (
    <Card title="Sign in">
      <EndNote session={session} />
      <PasswordForm />
      {canUsePasskeys() && (
        <Button
          variant="default"
          fullWidth
          leftSection={<Icon name="key" />}
          loading={passkey.isPending}
          onClick={() => passkey.mutate()}
        >
          Use a passkey
        </Button>
      )}
      {passkey.error !== null && <Failed error={passkey.error} />}
      <div className="b-card-foot">
        <p>Forgotten, or never had one? On the platform's own machine this makes a link that signs you in, once:</p>
        <CommandLine command="bystack open" label={null} />
      </div>
    </Card>
  );
}
