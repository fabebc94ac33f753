// A fresh proof of who one is, asked for when the platform wants one: people, deletions, what stops a chain. The call that asked
// goes on by itself once the proof is given.

import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { CommandLine } from "../parts/command-line.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icons.tsx";
import { Failed } from "../parts/page-states.tsx";
import { call, setProofDialog } from "../platform/api.ts";
import type { Me } from "../platform/me.ts";
import { canUsePasskeys, proveByPasskey } from "../platform/passkeys.ts";
import { keepSession } from "../platform/session.ts";

export function ProofDialog({ me }: { readonly me: Me | undefined }): ReactElement {
  const [isOpen, setIsOpen] = useState(false);
  const [password, setPassword] = useState("");
  const answer = useRef<(isGiven: boolean) => void>(undefined);
  const prove = useMutation({
    mutationFn: async (how: "password" | "passkey") => {
      if (how === "passkey") return proveByPasskey();
      keepSession((await call("stepUp", { body: { password } })).header);
    },
    onSuccess: () => close(true),
  });
  const close = (isGiven: boolean): void => {
    setIsOpen(false);
    setPassword("");
    prove.reset();
    answer.current?.(isGiven);
    answer.current = undefined;
  };
  useEffect(() => {
    setProofDialog(
      () =>
        new Promise((resolve) => {
          // Of two calls that ask at once the first one is let go: it shows why it failed.
          answer.current?.(false);
          answer.current = resolve;
          setIsOpen(true);
        }),
    );
    return () => setProofDialog(undefined);
  }, []);
  const hasPassword = me?.hasPassword === true;
  const hasPasskey = (me?.passkeys.length ?? 0) > 0 && canUsePasskeys();
  return (
    <Dialog isOpen={isOpen} onClose={() => close(false)} title="Confirm that it is you" isAbove>
      <div className="b-stack">
        <p>This can harm a chain or concerns people, so it needs a fresh proof. It counts for five minutes.</p>
        {hasPassword && (
          <form
            className="b-stack"
            onSubmit={(event) => {
              event.preventDefault();
              prove.mutate("password");
            }}
          >
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              required
              data-autofocus
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" loading={prove.isPending}>
              Confirm
            </Button>
          </form>
        )}
        {hasPasskey && (
          <Button variant="default" leftSection={<Icon name="key" />} onClick={() => prove.mutate("passkey")}>
            Use a passkey
          </Button>
        )}
        {!hasPassword && !hasPasskey && (
          <>
            <p>You have neither password nor passkey here. Set one in the settings, or sign in anew by a link:</p>
            <CommandLine command="bystack open" label={null} />
          </>
        )}
        {prove.error !== null && <Failed error={prove.error} />}
      </div>
    </Dialog>
  );
}
