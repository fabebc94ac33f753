// The button that opens the search, and its key. The search itself is fetched when it is opened first.

import { lazy, type ReactElement, Suspense, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { Icon } from "../parts/icons.tsx";

const SearchDialog = lazy(async () => ({ default: (await import("./search-dialog.tsx")).SearchDialog }));

/** Where a key is a letter of what is being written. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

type ButtonProps = { readonly network: string; readonly isPublic: boolean };

export function SearchButton({ network, isPublic }: ButtonProps): ReactElement {
  const [isOpen, setIsOpen] = useState<boolean>();
  const [location] = useLocation();
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
      event.preventDefault();
      setIsOpen(true);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <button
        type="button"
        className="b-icon-button"
        aria-label="Search"
        aria-keyshortcuts="/"
        title="Search ( / )"
        onClick={() => setIsOpen(true)}
      >
        <Icon name="search" size={18} />
      </button>
      {isOpen !== undefined && (
        <Suspense fallback={null}>
          <SearchDialog
            isOpen={isOpen}
            onClose={() => setIsOpen(false)}
            network={network}
            isPublic={isPublic}
            chain={/\/chains\/([a-z][a-z0-9-]*)/.exec(location)?.[1]}
          />
        </Suspense>
      )}
    </>
  );
}
