// A page that throws takes neither the frame nor the other pages with it.

import { Component, type ReactNode } from "react";
import { Failed } from "../parts/page-states.tsx";

type Props = { readonly children: ReactNode };
type State = { readonly error: unknown };

export class Broken extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <Failed error={error} onRetry={() => this.setState({ error: null })} />;
  }
}
