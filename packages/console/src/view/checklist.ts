// What to do next on a network, from what is there: at most five steps, each gone when it is done. Pure.

export type NextStep = {
  readonly title: string;
  readonly text: string;
  /** Below the network's own path, or `/settings…`; null when it is done on the command line alone. */
  readonly href: string | null;
  readonly command: string | null;
};

export type ChecklistInput = {
  readonly status: {
    readonly running: boolean;
    readonly healthy: boolean;
    readonly sides: readonly { readonly chain: string; readonly federation: object | null }[];
    readonly accounts: readonly string[];
  };
  /** Whether anything was changed since the network was made. */
  readonly hasOperations: boolean;
  /** Whether whoever is signed in can do so again without a link. */
  readonly hasCredential: boolean;
};

/** Steps of one list: more are no next steps. */
export const STEPS_MAX = 5;

export function nextSteps({ status, hasOperations, hasCredential }: ChecklistInput): NextStep[] {
  const steps: NextStep[] = [];
  const bound = status.sides.find(({ federation }) => federation !== null);
  if (!hasCredential)
    steps.push({
      title: "Set a password or a passkey",
      text: "You came by a link that is used up. Without one of them the next sign-in needs another link.",
      href: "/settings/you",
      command: null,
    });
  if (bound !== undefined && status.running && status.accounts.length > 0)
    steps.push({
      title: `Carry something to ${bound.chain}`,
      text: "A deposit on the main chain is minted on the side chain after six blocks, once, by proof.",
      href: null,
      command: `bystack peg in --from ${status.accounts[0]} --amount 5`,
    });
  if (!hasOperations)
    steps.push({
      title: "Make a change",
      text: "Add an observer or a second side chain: change the definition, read the plan, apply it.",
      href: "/definition",
      command: "bystack chain create acme",
    });
  if (status.healthy)
    steps.push({
      title: "See what a failure looks like",
      text: "Stop one validator. The chain goes on, this page says what is missing, and the node says why it is down.",
      href: "/nodes",
      command: "bystack why",
    });
  steps.push({
    title: "Invite somebody",
    text: "An auditor reads everything and changes nothing; a link is good once and for seven days.",
    href: "/settings/people",
    command: null,
  });
  return steps.slice(0, STEPS_MAX);
}
