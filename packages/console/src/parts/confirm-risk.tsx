// Confirming something that cannot be taken back lightly: what happens, to whom, how bad at worst, and the command that does
// the same. For what destroys, the name must be typed.

import { Button, TextInput } from "@mantine/core";
import { type ReactElement, type ReactNode, useState } from "react";
import { CommandLine } from "./command-line.tsx";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import { Failed } from "./page-states.tsx";

type ConfirmProps = {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  /** What will happen, in sentences. */
  readonly children: ReactNode;
  /** On the button: `Stop demo-3`. */
  readonly verb: string;
  readonly command?: string;
  /** To be typed before the button works; for what destroys. */
  readonly typed?: string;
  readonly isDangerous?: boolean;
  readonly isBusy: boolean;
  readonly error: unknown;
  readonly onConfirm: () => void;
};

/** Mantine's red is too light for white letters. */
const DANGER = "#b3261e";

export function ConfirmRisk(props: ConfirmProps): ReactElement {
  const {
    isOpen,
    onClose,
    title,
    children,
    verb,
    command,
    typed,
    isDangerous = false,
    isBusy,
    error,
    onConfirm,
  } = props;
  const [text, setText] = useState("");
  const close = (): void => {
    setText("");
    onClose();
  };
  return (
    <Dialog isOpen={isOpen} onClose={close} title={title}>
      <form
        className="b-stack"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        <div className="b-prose">{children}</div>
        {typed !== undefined && (
          <TextInput
            label={`Type ${typed} to confirm`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        {command !== undefined && <CommandLine command={command} />}
        {error !== null && error !== undefined && <Failed error={error} />}
        <div className="b-buttons">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={isDangerous ? DANGER : "ink"}
            loading={isBusy}
            disabled={typed !== undefined && text !== typed}
            leftSection={isDangerous ? <Icon name="warn" size={16} /> : undefined}
          >
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
