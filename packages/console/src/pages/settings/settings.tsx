// Settings: one's own sign-in, people, tokens for programs, the audit log, what this platform is.

import type { ReactElement } from "react";
import { Link, useParams } from "wouter";
import { Page } from "../../parts/page.tsx";
import { hasRole, useMe } from "../../platform/me.ts";
import { About } from "./about.tsx";
import { Audit } from "./audit.tsx";
import { People } from "./people.tsx";
import { Tokens } from "./tokens.tsx";
import { You } from "./you.tsx";

const PARTS = [
  { part: "you", label: "You", show: You },
  { part: "people", label: "People", show: People },
  { part: "tokens", label: "Tokens", show: Tokens },
  { part: "audit", label: "Audit log", show: Audit },
  { part: "about", label: "About", show: About },
] as const;

export function SettingsPage(): ReactElement {
  const { part = "you" } = useParams();
  const { data: me } = useMe();
  const parts = PARTS.filter((entry) => entry.part !== "people" || hasRole(me, "w"));
  const chosen = parts.find((entry) => entry.part === part) ?? parts[0];
  const Show = chosen?.show ?? You;
  return (
    <Page title="Settings">
      <nav className="b-tabs" aria-label="Settings">
        <ul>
          {parts.map((entry) => (
            <li key={entry.part}>
              <Link
                href={`/settings/${entry.part}`}
                className="b-tab-link"
                aria-current={entry === chosen ? "page" : undefined}
              >
                {entry.label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Show />
    </Page>
  );
}
