// The frame of the pages before somebody is signed in: one card, nothing around it that could be looked at.

import { type ReactElement, type ReactNode, useEffect } from "react";

export function Card({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  useEffect(() => {
    document.title = `${title} · Bystack`;
  }, [title]);
  return (
    <main className="b-card-page">
      <div className="b-panel b-card">
        <p className="b-mark">
          <img src="/mark.svg" width={22} height={22} alt="" /> Bystack
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
