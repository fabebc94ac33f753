// Using a one-time link up. An invitation also asks for the login that the new person wants to have.

import { Button, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { Failed, Loading } from "../parts/page-states.tsx";
import { call, errorOf } from "../platform/api.ts";
import { readAllAgain } from "../platform/queries.ts";
import { keepSession } from "../platform/session.ts";
import { Card } from "./card.tsx";

type LinkProps = { readonly link: string; readonly onDone: () => void };

/** Codes after which the link is still good: only the login was not. */
const LOGIN_CODES: readonly string[] = ["NAME_INVALID", "LOGIN_TAKEN"];

export function LinkPage({ link, onDone }: LinkProps): ReactElement {
  const [login, setLogin] = useState("");
  const [isInvitation, setIsInvitation] = useState(false);
  const signIn = useMutation({
    mutationFn: async (own: string | undefined) =>
      keepSession((await call("signInByLink", { body: { link, ...(own !== undefined && { login: own }) } })).header),
    onSuccess: () => {
      readAllAgain();
      onDone();
    },
    onError: (error) => {
      if (LOGIN_CODES.includes(errorOf(error).code)) setIsInvitation(true);
    },
  });
  const isSent = useRef(false);
  useEffect(() => {
    // It is good once: never twice, whatever else is drawn again.
    if (isSent.current) return;
    isSent.current = true;
    signIn.mutate(undefined);
  }, [signIn.mutate]);
  if (isInvitation)
    return (
      <Card title="Welcome">
        <p>You were invited to this platform. Choose the login that you will sign in with.</p>
        <form
          className="b-stack"
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate(login);
          }}
        >
          <TextInput
            label="Login"
            description="Small letters, digits, dots and hyphens"
            autoComplete="username"
            spellCheck={false}
            required
            value={login}
            onChange={(event) => setLogin(event.currentTarget.value)}
          />
          {signIn.error !== null && signIn.variables !== undefined && <Failed error={signIn.error} />}
          <Button type="submit" loading={signIn.isPending} fullWidth>
            Go on
          </Button>
        </form>
      </Card>
    );
  return (
    <Card title="Signing in">
      {signIn.error === null ? (
        <Loading what="the link" />
      ) : (
        <>
          <Failed error={signIn.error} />
          <Button variant="default" onClick={onDone}>
            Sign in another way
          </Button>
        </>
      )}
    </Card>
  );
}
