// A new side chain: what it is called, how many vote, what its federation carries. It becomes a block of the definition, which the
// editor shows before anything is done.

import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { type FormEvent, type ReactElement, useState } from "react";
import { useLocation, useParams } from "wouter";
import { CommandLine } from "../parts/command-line.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Loaded } from "../parts/page-states.tsx";
import { useAssets } from "../platform/assets.ts";
import { keepDraft, useDraft } from "../platform/drafts.ts";
import { useNetwork, useRead } from "../platform/queries.ts";
import { chainNameProblem, withSide } from "../view/definition-edit.ts";

const VALIDATORS = ["4", "7", "10", "13"];
const OBSERVERS = ["0", "1", "2", "3"];

type FormProps = { readonly network: string; readonly definition: string; readonly taken: readonly string[] };

function ChainForm({ network, definition, taken }: FormProps): ReactElement {
  const [, go] = useLocation();
  const { list } = useAssets(network);
  const [name, setName] = useState("");
  const [validators, setValidators] = useState("4");
  const [observers, setObservers] = useState("0");
  const [isBound, setIsBound] = useState(true);
  const [isTouched, setIsTouched] = useState(false);
  const [isForeign, setIsForeign] = useState(false);
  const problem = chainNameProblem(name, taken);
  const votes = Number(validators);
  const faults = Math.floor((votes - 1) / 3);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setIsTouched(true);
    if (problem !== null) return;
    const assets = isBound ? ["BTM", ...list.map(({ asset }) => asset).filter((asset) => asset !== "BTM")] : [];
    const changed = withSide(definition, { chain: name, validators: votes, observers: Number(observers), assets });
    setIsForeign(changed === undefined);
    if (changed === undefined) return;
    keepDraft(network, changed);
    go(`/n/${network}/definition`);
  };
  return (
    <Panel title="The chain">
      <form className="b-stack b-narrow" onSubmit={submit}>
        <TextInput
          label="Name"
          value={name}
          error={isTouched && problem !== null ? problem : undefined}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setName(event.currentTarget.value)}
          onBlur={() => setIsTouched(name !== "")}
        />
        <NativeSelect
          label="Validators"
          description={`${votes - faults} must vote for a block to be final; ${faults} may fail.`}
          data={VALIDATORS}
          value={validators}
          onChange={(event) => setValidators(event.currentTarget.value)}
        />
        <NativeSelect
          label="Observers"
          description="They follow without a vote: for reading, the explorer, and to take a seat later."
          data={OBSERVERS}
          value={observers}
          onChange={(event) => setObservers(event.currentTarget.value)}
        />
        <Checkbox
          label="With a federation: assets can be carried in and out"
          checked={isBound}
          onChange={(event) => setIsBound(event.currentTarget.checked)}
        />
        {isForeign && (
          <p role="alert" className="b-bad-text">
            The definition is written in a way that only its author can change. Add the chain under “sides” in the
            editor.
          </p>
        )}
        <CommandLine
          command={`bystack chain create ${name === "" ? "<name>" : name} --validators ${validators}${observers === "0" ? "" : ` --observers ${observers}`}${isBound ? "" : " --no-federation"}`}
        />
        <div className="b-buttons b-buttons-start">
          <Button type="submit">See it in the definition</Button>
        </div>
      </form>
    </Panel>
  );
}

export function NewChainPage(): ReactElement {
  const { network = "" } = useParams();
  const read = useRead("definition", { params: { network } });
  const { data: status } = useNetwork(network);
  const draft = useDraft(network);
  const taken = status === undefined ? [] : [status.main.chain, ...status.sides.map(({ chain }) => chain)];
  return (
    <Page title="New side chain" crumbs={[{ label: network, href: `/n/${network}` }]}>
      <p className="b-lead">
        It becomes a block of the definition{draft === undefined ? "" : " that you are changing already"}. You read the
        plan before anything is made.
      </p>
      <Loaded read={read} what="the definition">
        {({ definition }) => <ChainForm network={network} definition={draft ?? definition} taken={taken} />}
      </Loaded>
    </Page>
  );
}
