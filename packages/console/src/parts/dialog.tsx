// A dialog: takes the focus, keeps it, gives it back; closed by Escape. Mantine's own heading would be a second banner of the page,
// so the title stands in its body.

import { Modal } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";
import { Icon } from "./icons.tsx";

type DialogProps = {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** Above other dialogs. */
  readonly isAbove?: boolean;
};

export function Dialog({ isOpen, onClose, title, children, isAbove = false }: DialogProps): ReactElement {
  return (
    <Modal.Root opened={isOpen} onClose={onClose} centered zIndex={isAbove ? 400 : 300}>
      <Modal.Overlay />
      <Modal.Content>
        <Modal.Body className="b-dialog">
          <div className="b-dialog-head">
            <Modal.Title>{title}</Modal.Title>
            <button type="button" className="b-icon-button" aria-label="Close" onClick={onClose}>
              <Icon name="cross" />
            </button>
          </div>
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
