// The frame of every page: where it is, what it is called, what can be done here. Sets the title of the tab, and moves the focus
// to the heading after a change of page, so that a screen reader says where one is.

import { type ReactElement, type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { Icon } from "./icons.tsx";

export type Crumb = { readonly label: string; readonly href: string };

type PageProps = {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  /** Beside the title: a status. */
  readonly badge?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
};

/** The page that was shown first: its heading does not take the focus from the address bar. */
let firstLocation: string | undefined;

export function Page({ title, crumbs = [], badge, actions, children }: PageProps): ReactElement {
  const heading = useRef<HTMLHeadingElement>(null);
  const [location] = useLocation();
  useEffect(() => {
    document.title = `${title} · Bystack`;
  }, [title]);
  useEffect(() => {
    firstLocation ??= location;
    if (location !== firstLocation) {
      firstLocation = "";
      heading.current?.focus({ preventScroll: true });
    }
  }, [location]);
  return (
    <>
      <header className="b-page-head">
        {crumbs.length > 0 && (
          <nav className="b-crumbs" aria-label="Breadcrumb">
            <ol>
              {crumbs.map(({ label, href }, i) => (
                <li key={href}>
                  {i > 0 && <Icon name="right" size={12} />}
                  <Link href={href}>{label}</Link>
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div className="b-page-title">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {badge}
          {actions !== undefined && <div className="b-page-actions">{actions}</div>}
        </div>
      </header>
      {children}
    </>
  );
}

type PanelProps = {
  readonly title: string;
  readonly note?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** Without inner margins: a table or a drawing reaches the edges. */
  readonly flush?: boolean;
};

/** One part of a page, with its heading. */
export function Panel({ title, note, actions, children, flush = false }: PanelProps): ReactElement {
  return (
    <section className="b-panel" aria-label={title}>
      <header className="b-panel-head">
        <h2>{title}</h2>
        {note !== undefined && <span className="b-dim">{note}</span>}
        {actions !== undefined && <div className="b-page-actions">{actions}</div>}
      </header>
      <div className={flush ? "b-panel-body b-flush" : "b-panel-body"}>{children}</div>
    </section>
  );
}
