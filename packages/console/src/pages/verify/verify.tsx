// A proof checked in this browser: of a transaction in a block, and that the block is final. From a transaction's page, from a
// file, or pasted. What cannot be checked here says so; what is wrong is named.

import { Button, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { Link, useParams, useSearch } from "wouter";
import { Hash } from "../../parts/hash.tsx";
import { Icon } from "../../parts/icons.tsx";
import { KeyValue } from "../../parts/key-value.tsx";
import { Page, Panel } from "../../parts/page.tsx";
import { Failed, Loading } from "../../parts/page-states.tsx";
import { TONE_ICONS } from "../../parts/status-badge.tsx";
import { Stepper } from "../../parts/stepper.tsx";
import { call } from "../../platform/api.ts";
import { formatProof, type ProofFile, parseProof } from "../../proof/file.ts";
import { checkMainProof } from "../../proof/main.ts";
import { checkSideProof } from "../../proof/side.ts";
import { checkEd25519 } from "../../proof/signatures.ts";
import type { ProofResult, ProofStep, Verdict } from "../../proof/steps.ts";
import type { Status } from "../../view/status.ts";

type Place = { readonly network: string; readonly chain: string };

const VERDICTS: Readonly<Record<Verdict, Status>> = {
  ok: { tone: "good", word: "checked" },
  failed: { tone: "bad", word: "wrong" },
  open: { tone: "idle", word: "not checked here" },
};

/** Everything that a check of one transaction needs, from a node. */
async function fetchProof(place: Place, transaction: string): Promise<ProofFile> {
  const [{ kind }, inclusion] = await Promise.all([
    call("chain.info", { params: place }),
    call("chain.proof", { params: { ...place, id: transaction } }),
  ]);
  const common = { format: 1, ...place, transaction, inclusion } as const;
  if (kind === "main") return { ...common, kind };
  const [finality, spec] = await Promise.all([
    call("chain.finality", { params: { ...place, ref: String(inclusion.height) } }),
    call("chain.spec", { params: place }),
  ]);
  return { ...common, kind, finality, spec: spec.canonical };
}

/** What this platform knows of the chain by itself: undefined when the proof is of somebody else's. */
async function knownOf(network: string, { chain, kind, inclusion }: ProofFile): Promise<string | undefined> {
  try {
    if (kind === "side") return (await call("chain.info", { params: { network, chain } })).chainId;
    const params = { network, chain, ref: String(inclusion.height) };
    return (await call("chain.block", { params })).hash;
  } catch {
    return undefined;
  }
}

async function check(network: string, proof: ProofFile): Promise<ProofResult> {
  const known = proof.network === network ? await knownOf(network, proof) : undefined;
  return proof.kind === "main" ? checkMainProof(proof, known) : checkSideProof(proof, known, checkEd25519);
}

function Detail({ step }: { readonly step: ProofStep }): ReactElement {
  return (
    <>
      {step.detail}
      {step.trail !== undefined && step.trail.length > 1 && (
        <details className="b-trail">
          <summary>Every hash on the way</summary>
          <ol>
            {step.trail.map(({ label, hash }) => (
              <li key={hash}>
                <code>{hash}</code> <span>{label}</span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

function headline({ steps, isValid }: ProofResult, { kind }: ProofFile): { status: Status; text: string } {
  const wrong = steps.find(({ verdict }) => verdict === "failed");
  if (wrong !== undefined)
    return { status: VERDICTS.failed, text: `The proof is wrong. The step that fails: ${wrong.title}.` };
  const open = steps.filter(({ verdict }) => verdict === "open").length;
  const what = kind === "main" ? "The transaction is in the block" : "The transaction is in a block of the chain";
  if (!isValid) return { status: VERDICTS.open, text: "Nothing of this proof could be checked here." };
  return {
    status: open === 0 ? VERDICTS.ok : { tone: "good", word: "checked" },
    text:
      open === 0
        ? `${what}, and it is final. Every step was checked here.`
        : `${what}. What was not checked here is said below.`,
  };
}

function save(proof: ProofFile): void {
  const url = URL.createObjectURL(new Blob([formatProof(proof)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `proof-${proof.transaction.slice(0, 12)}.json`;
  link.click();
  URL.revokeObjectURL(url);
}

function Result({ network, proof }: { readonly network: string; readonly proof: ProofFile }): ReactElement {
  const text = formatProof(proof);
  const { data, error, refetch } = useQuery({
    queryKey: ["proof", network, text],
    queryFn: () => check(network, proof),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (error !== null) return <Failed error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading what="the proof" />;
  const { status, text: sentence } = headline(data, proof);
  return (
    <>
      <div className={`b-health b-${status.tone}`} role="status">
        <Icon name={TONE_ICONS[status.tone]} size={22} />
        <p>{sentence}</p>
      </div>
      <Panel
        title="Steps"
        note="computed in this browser"
        actions={
          <Button size="xs" variant="default" onClick={() => save(proof)}>
            Save the proof
          </Button>
        }
      >
        <Stepper
          label="Steps of the check"
          steps={data.steps.map((step) => ({
            name: step.name,
            title: step.title,
            status: VERDICTS[step.verdict],
            detail: <Detail step={step} />,
          }))}
        />
      </Panel>
      <Panel title="What it is about">
        <KeyValue
          facts={[
            { name: "Chain", value: `${proof.chain} of ${proof.network}` },
            { name: "Block", value: proof.inclusion.height },
            { name: "Place in it", value: proof.inclusion.position + 1 },
            { name: "Transaction", value: <Hash value={proof.transaction} what="transaction id" whole />, wide: true },
          ]}
        />
      </Panel>
    </>
  );
}

/** A proof of somebody else: from a file, or pasted. */
function Given({ onProof }: { readonly onProof: (proof: ProofFile) => void }): ReactElement {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();
  const take = (given: string): void => {
    const parsed = parseProof(given);
    setProblem(typeof parsed === "string" ? parsed : undefined);
    if (typeof parsed !== "string") onProof(parsed);
  };
  return (
    <Panel title="A proof that you have">
      <form
        className="b-stack"
        onSubmit={(event) => {
          event.preventDefault();
          take(text);
        }}
      >
        <Textarea
          label="Proof"
          description="The text of a proof file. It is not sent anywhere."
          autosize
          minRows={4}
          maxRows={12}
          value={text}
          error={problem}
          spellCheck={false}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <label className="b-file">
          <span>Or a file</span>
          <input
            type="file"
            accept="application/json,.json"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              void file?.text().then((content) => {
                setText(content);
                take(content);
              });
            }}
          />
        </label>
        <div className="b-buttons b-buttons-start">
          <Button type="submit" disabled={text.trim() === ""} leftSection={<Icon name="shield" />}>
            Check it
          </Button>
        </div>
      </form>
    </Panel>
  );
}

function Fetched({ place, transaction }: { readonly place: Place; readonly transaction: string }): ReactElement {
  const { data, error, refetch } = useQuery({
    queryKey: ["fetch proof", place, transaction],
    queryFn: () => fetchProof(place, transaction),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (error !== null) return <Failed error={error} onRetry={() => void refetch()} />;
  return data === undefined ? <Loading what="the proof" /> : <Result network={place.network} proof={data} />;
}

export function VerifyPage(): ReactElement {
  const { network = "" } = useParams();
  const search = new URLSearchParams(useSearch());
  const [given, setGiven] = useState<ProofFile>();
  const [chain, transaction] = [search.get("chain"), search.get("transaction")];
  const isAsked = chain !== null && transaction !== null;
  return (
    <Page title="Verify" crumbs={[{ label: network, href: `/n/${network}` }]}>
      <p className="b-lead">
        Checks here, in this browser, that a transaction is in a block{" "}
        {isAsked ? "" : "and that the block is final, without trusting whoever gave the proof"}.{" "}
        {isAsked && <Link href={`/n/${network}/chains/${chain}/transactions/${transaction}`}>To the transaction</Link>}
      </p>
      {given !== undefined ? (
        <Result network={network} proof={given} />
      ) : (
        isAsked && <Fetched place={{ network, chain }} transaction={transaction} />
      )}
      <Given onProof={setGiven} />
    </Page>
  );
}
