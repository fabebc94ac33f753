// Who may pass: nobody sees a page before it is known who they are. A link comes first, then a session that is over, then whoever
// has not finished their sign-in.

import { type ReactElement, type ReactNode, useState } from "react";
import { Failed, Loading } from "../parts/page-states.tsx";
import { useMe, useRotation } from "../platform/me.ts";
import { useSession } from "../platform/session.ts";
import { Card } from "./card.tsx";
import { FinishPage } from "./finish-page.tsx";
import { takeLink } from "./link.ts";
import { LinkPage } from "./link-page.tsx";
import { ProofDialog } from "./proof-dialog.tsx";
import { SignInPage } from "./sign-in-page.tsx";

const firstLink = takeLink();

type GateProps = {
  /** Whether the present page shows what everybody may see. */
  readonly isPublic: boolean;
  readonly children: ReactNode;
};

export function Gate({ isPublic, children }: GateProps): ReactElement {
  const [link, setLink] = useState(firstLink);
  const session = useSession();
  const me = useMe();
  useRotation(me.data);
  if (link !== undefined) return <LinkPage link={link} onDone={() => setLink(undefined)} />;
  if (session.kind === "ended" && !isPublic) return <SignInPage session={session} />;
  if (me.data === undefined)
    return (
      <Card title={me.error === null ? "Opening" : "The console cannot be opened"}>
        {me.error === null ? (
          <Loading what="who you are" />
        ) : (
          <Failed error={me.error} onRetry={() => void me.refetch()} />
        )}
      </Card>
    );
  if (me.data.via === "none" && !isPublic) return <SignInPage session={session} />;
  if (me.data.unfinished) return <FinishPage me={me.data} />;
  return (
    <>
      {children}
      <ProofDialog me={me.data} />
    </>
  );
}
