// Facts about one thing: a list of names and values, in as many columns as there is room for.

import type { ReactElement, ReactNode } from "react";

export type Fact = { readonly name: string; readonly value: ReactNode; readonly wide?: boolean };

export function KeyValue({ facts }: { readonly facts: readonly Fact[] }): ReactElement {
  return (
    <dl className="b-facts">
      {facts.map(({ name, value, wide }) => (
        <div key={name} className={wide === true ? "b-fact b-fact-wide" : "b-fact"}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
