// The command tree of `bystack`. Commands parse, call and print; what they do lives in the packages below.

import { Command, CommanderError, InvalidArgumentError } from "commander";
import { createContext, type GlobalOptions } from "./context.ts";
import { reportFailure, reportUsage } from "./output.ts";
import { VERSION } from "./version.ts";

function lineCount(text: string): string {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("A number of lines is from 1 to 999999.");
  return text;
}

function percent(text: string): string {
  if (!/^(?:\d{1,2}|100)$/.test(text)) throw new InvalidArgumentError("A share is from 0 to 100 percent.");
  return text;
}

function nodeCount(text: string): string {
  if (!/^\d{1,2}$/.test(text)) throw new InvalidArgumentError("A number of nodes is from 0 to 99.");
  return text;
}

function operationNumber(text: string): string {
  if (!/^\d{1,16}$/.test(text)) throw new InvalidArgumentError("An operation has a number: bystack operation list.");
  return text;
}

function minutes(text: string): string {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 30 * 24 * 60)
    throw new InvalidArgumentError("A silence is from 0 to 43200 minutes, which are 30 days.");
  return text;
}

function epochName(text: string): string {
  if (!/^(?:now|next|[1-9]\d{0,14})$/.test(text))
    throw new InvalidArgumentError("An epoch is now, next, or from 1 on.");
  return text;
}

const program = new Command("bystack");
program
  .description(
    "Raise and run blockchain networks: a proof-of-work main chain, BFT side chains, the federation between them.",
  )
  .option("--json", "one JSON document on stdout")
  .option("--network <name>", "which network (default: the only one, or dev)")
  .option("--chain <name>", "which chain of it (default: the only side chain)")
  .showHelpAfterError()
  .showSuggestionAfterError()
  .exitOverride();

// A command loads its own code when it is called: `node init` and `status` need little of what `up` needs.
const upCommands = () => import("./commands/up.ts");
const networkCommands = () => import("./commands/network.ts");
const walletCommands = () => import("./commands/wallet.ts");
const federationCommands = () => import("./commands/federation.ts");
const candidateCommands = () => import("./commands/candidate.ts");
const voteCommands = () => import("./commands/vote.ts");
const changeCommands = () => import("./commands/change.ts");
const operationCommands = () => import("./commands/operation.ts");
const explorerCommands = () => import("./commands/explorer.ts");
const nodeCommands = () => import("./commands/node.ts");

const context = () => createContext(program.opts<GlobalOptions>());

program
  .command("up [file]")
  .description("raise a network, prove a round trip on it, keep it running until Ctrl-C")
  .option("-d, --detach", "return once it is proven; a daemon keeps it running")
  .option("--elections", "the dev network with elections, and a fifth node that may be elected")
  .addHelpText("after", "\nExample: bystack up --detach")
  .action(async (file: string | undefined, options: { detach?: boolean; elections?: boolean }) =>
    (await upCommands()).runUp(context(), {
      ...(file !== undefined && { file }),
      detach: options.detach === true,
      elections: options.elections === true,
    }),
  );
program
  .command("plan <file>")
  .description("what would be done to make a network what the file says; changes nothing")
  .addHelpText("after", "\nExample: bystack plan bystack.yaml")
  .action(async (file: string) => (await changeCommands()).runPlan(context(), file));
program
  .command("apply <file>")
  .description("make a network what the file says: plan, show, do, prove")
  .addHelpText("after", "\nExample: bystack apply bystack.yaml")
  .action(async (file: string) => (await changeCommands()).runApply(context(), file));
program
  .command("down")
  .description("stop the network; its data stay")
  .action(async () => (await networkCommands()).runDown(context()));
program
  .command("status")
  .description("chains, nodes, federation, memory")
  .action(async () => (await upCommands()).runStatus(context()));
program
  .command("prove")
  .description("one fresh round trip on each side chain, the refusals, the supply")
  .action(async () => (await networkCommands()).runProve(context()));
program
  .command("why [subject]")
  .description(
    "why a chain has stopped, a node does not vote, a transfer or a transaction waits; asks the nodes themselves",
  )
  .addHelpText(
    "after",
    "\nExample: bystack why demo\n  a chain, a node, or the id of a transaction; without one the whole network",
  )
  .action(async (subject: string | undefined) => (await import("./commands/why.ts")).runWhy(context(), subject));
program
  .command("logs <node>")
  .description("the last lines of a node's log")
  .option("--tail <lines>", "how many", lineCount, "50")
  .addHelpText("after", "\nExample: bystack logs demo-1 --tail 20")
  .action(async (node: string, options: { tail: string }) =>
    (await networkCommands()).runLogs(context(), node, options),
  );
program
  .command("clean")
  .description("remove a network with all its data")
  .option("--yes", "really")
  .action(async (options: { yes?: boolean }) => (await networkCommands()).runClean(context(), options));

program
  .command("replay <chain> [reorg]")
  .description("check a recorded main chain, proof of work included")
  .option("--backend <name>", "ts, wasm or native (default: the fastest that is there)")
  .option("--blocks <count>", "only the first so many blocks")
  .addHelpText("after", "\nExample: bystack replay vectors/bytom/blocks-solonet.json vectors/bytom/reorg-solonet.json")
  .action(async (chain: string, reorg: string | undefined, options: { backend?: string; blocks?: string }) =>
    (await import("./commands/replay.ts")).runReplay(context(), {
      chain,
      reorg,
      backend: options.backend,
      blocks: options.blocks,
    }),
  );

const wallet = program.command("wallet").description("accounts of the network's own wallet");
wallet
  .command("balance [account]")
  .description("what it holds on each chain")
  .action(async (account?: string) => (await walletCommands()).runBalance(context(), account));
wallet
  .command("receive <account>")
  .description("its address on each chain")
  .option("--fresh", "one that was not used before")
  .action(async (account: string, options: { fresh?: boolean }) =>
    (await walletCommands()).runReceive(context(), account, options),
  );
wallet
  .command("send")
  .description("pay somebody on one chain")
  .requiredOption("--from <account>", "who pays")
  .requiredOption("--to <address>", "who gets it")
  .requiredOption("--amount <decimal>", "how much")
  .option("--asset <name>", "which asset", "BTM")
  .addHelpText("after", "\nExample: bystack wallet send --chain main --from alice --to bm1q… --amount 1.5")
  .action(async (options: { from: string; to: string; amount: string; asset: string }) =>
    (await walletCommands()).runSend(context(), options),
  );

const peg = program.command("peg").description("carry assets between the chains");
for (const [name, description, run] of [
  ["in", "deposit on the main chain, credited on the side chain", "runPegIn"],
  ["out", "burn on the side chain, paid on the main chain", "runPegOut"],
] as const) {
  peg
    .command(name)
    .description(description)
    .requiredOption("--from <account>", "who pays")
    .requiredOption("--amount <decimal>", "how much")
    .option("--to <address>", "who gets it there (default: the account itself)")
    .option("--asset <name>", "which asset", "BTM")
    .addHelpText("after", `\nExample: bystack peg ${name} --from alice --amount 5`)
    .action(async (options: { from: string; to?: string; amount: string; asset: string }) =>
      (await walletCommands())[run](context(), options),
    );
}
peg
  .command("list")
  .description("deposits, requests and payouts")
  .action(async () => (await walletCommands()).runPegList(context()));

const candidate = program.command("candidate").description("who stands for election on the side chain");
candidate
  .command("list")
  .description("candidates by rank: votes, bond, seat, missed views; who was caught signing twice")
  .action(async () => (await candidateCommands()).runCandidateList(context()));
candidate
  .command("register <node>")
  .description("stand with a node; the account pays the bond and gets the rewards")
  .requiredOption("--from <account>", "who pays the bond")
  .option("--bond <decimal>", "BTM that stay locked while it stands (default: the least)")
  .option("--share <percent>", "percent of its rewards for its voters", percent, "0")
  .addHelpText("after", "\nExample: bystack candidate register demo-5 --from alice --share 20")
  .action(async (node: string, options: { from: string; bond?: string; share: string }) =>
    (await candidateCommands()).runRegister(context(), node, options),
  );
candidate
  .command("resign <candidate>")
  .description("stand no more; the bond comes free later")
  .requiredOption("--from <account>", "the account that registered it")
  .addHelpText("after", "\nExample: bystack candidate resign demo-5 --from alice")
  .action(async (name: string, options: { from: string }) =>
    (await candidateCommands()).runResign(context(), name, options),
  );
program
  .command("committee")
  .description("who sits: seats, standbys, missed views")
  .option("--epoch <epoch>", "now, next, or the number of an epoch", epochName, "now")
  .addHelpText("after", "\nExample: bystack committee --epoch next")
  .action(async (options: { epoch: string }) => (await candidateCommands()).runCommittee(context(), options));
program
  .command("vote <candidate> <amount>")
  .description("vote for a candidate with BTM, which stay locked for a while")
  .requiredOption("--from <account>", "who votes")
  .addHelpText("after", "\nExample: bystack vote demo-5 250 --from alice")
  .action(async (name: string, amount: string, options: { from: string }) =>
    (await voteCommands()).runVote(context(), { candidate: name, amount }, options),
  );
program
  .command("veto <candidate>")
  .description("take back every vote for a candidate that is free now")
  .requiredOption("--from <account>", "whose votes")
  .option("--forgo", "give up a share that is not claimed")
  .addHelpText("after", "\nExample: bystack veto demo-5 --from alice")
  .action(async (name: string, options: { from: string; forgo?: boolean }) =>
    (await voteCommands()).runVeto(context(), name, options),
  );
const votes = program.command("votes").description("the wallet's own votes");
votes
  .command("list [account]")
  .description("for whom, how much, from when free, what they are due")
  .action(async (account?: string) => (await voteCommands()).runVotesList(context(), account));
votes
  .command("claim")
  .description("claim the voters' share of what candidates have earned")
  .requiredOption("--from <account>", "whose votes")
  .addHelpText("after", "\nExample: bystack votes claim --from alice")
  .action(async (options: { from: string }) => (await voteCommands()).runVotesClaim(context(), options));

const federation = program.command("federation").description("the members that hold the vault");
federation
  .command("status")
  .description("reserves, pauses, members")
  .action(async () => (await federationCommands()).runFederationStatus(context()));
federation
  .command("stop <member>")
  .description("stop one member; its validator goes on voting")
  .action(async (id: string) => (await federationCommands()).runMemberSwitch(context(), id, false));
federation
  .command("start <member>")
  .description("start it again")
  .action(async (id: string) => (await federationCommands()).runMemberSwitch(context(), id, true));

const chain = program.command("chain").description("side chains of the network");
chain
  .command("create <name>")
  .description("make a side chain, start it, and carry assets there and back")
  .option("--validators <count>", "of its first committee; each is a member of its federation", nodeCount, "4")
  .option("--observers <count>", "nodes without a seat", nodeCount, "0")
  .option("--no-federation", "nothing can be carried in or out")
  .addHelpText("after", "\nExample: bystack chain create acme --observers 1")
  .action(async (name: string, options: { validators: string; observers: string; federation: boolean }) =>
    (await changeCommands()).runChainCreate(context(), name, options),
  );

for (const [verb, route, what] of [
  ["start", "startChain", "start a side chain that was stopped or archived"],
  ["stop", "stopChain", "stop a side chain: nothing on it becomes final until it is started again"],
  ["archive", "archiveChain", "stop a side chain for good; for seven days it can be started again"],
] as const)
  chain
    .command(`${verb} <name>`)
    .description(what)
    .addHelpText("after", `\nExample: bystack chain ${verb} acme`)
    .action(async (name: string) => (await changeCommands()).runChainTurn(context(), name, route));
chain
  .command("delete <name>")
  .description("remove an archived side chain with its keys, and what its vault still holds, for good")
  .requiredOption("--yes", "really")
  .addHelpText("after", "\nExample: bystack chain delete acme --yes")
  .action(async (name: string) => (await changeCommands()).runChainTurn(context(), name, "deleteChain"));

const operation = program.command("operation").description("what the platform does, step by step");
operation
  .command("list")
  .description("the newest operations")
  .action(async () => (await operationCommands()).runOperationList(context()));
operation
  .command("show")
  .argument("<number>", "of the operation", operationNumber)
  .description("one operation with its steps")
  .addHelpText("after", "\nExample: bystack operation show 3")
  .action(async (id: string) => (await operationCommands()).runOperationShow(context(), id));
operation
  .command("cancel")
  .argument("<number>", "of the operation", operationNumber)
  .description("take it back, down to its first step that cannot be taken back")
  .addHelpText("after", "\nExample: bystack operation cancel 3")
  .action(async (id: string) => (await operationCommands()).runOperationTurn(context(), id, "cancelOperation"));
operation
  .command("resume")
  .argument("<number>", "of the operation", operationNumber)
  .description("try a failed operation again")
  .addHelpText("after", "\nExample: bystack operation resume 3")
  .action(async (id: string) => (await operationCommands()).runOperationTurn(context(), id, "resumeOperation"));

const alertCommands = () => import("./commands/alert.ts");
const alert = program.command("alert").description("what is wrong now and was lately, and who is told");
alert
  .command("list")
  .description("alerts of the network: active, pending, the last that are over; silences")
  .addHelpText("after", "\nExample: bystack alert list")
  .action(async () => (await alertCommands()).runAlertList(context()));
alert
  .command("silence <alert>")
  .description("tell nobody of an alert for a while; --minutes 0 ends that")
  .option("--minutes <count>", "for how long", minutes, "60")
  .option("--rule", "every alert of the same rule")
  .option("--why <text>", "what others shall know", "")
  .addHelpText("after", "\nExample: bystack alert silence node-down.demo-1 --minutes 30")
  .action(async (id: string, options: { minutes: string; rule?: boolean; why: string }) =>
    (await alertCommands()).runAlertSilence(context(), id, { ...options, rule: options.rule === true }),
  );
alert
  .command("test [channel]")
  .description("send a test through a channel, or through each, and say what became of it")
  .addHelpText("after", "\nExample: bystack alert test")
  .action(async (channel: string | undefined) => (await alertCommands()).runAlertTest(context(), channel));
const channel = alert.command("channel").description("webhooks and mail servers through which people are told");
channel
  .command("list")
  .description("channels, and what became of the last messages")
  .addHelpText("after", "\nExample: bystack alert channel list")
  .action(async () => (await alertCommands()).runChannelList(context()));
channel
  .command("add <file>")
  .description("make a channel as a JSON file says; - reads standard input")
  .addHelpText(
    "after",
    '\nExample: bystack alert channel add hook.json\n  hook.json: {"kind":"webhook","name":"ops","network":"*","url":"https://…","secret":"at least 16 characters"}' +
      '\n  mail.json: {"kind":"email","name":"mail","network":"*","host":"mail.example.org","port":587,"security":"starttls",' +
      '\n              "user":"…","password":"…","from":"bystack@example.org","to":["you@example.org"]}',
  )
  .action(async (file: string) => (await alertCommands()).runChannelAdd(context(), file));
channel
  .command("rm <channel>")
  .description("remove a channel; what waits for it is given up")
  .addHelpText("after", "\nExample: bystack alert channel rm c0123456789abcdef")
  .action(async (id: string) => (await alertCommands()).runChannelRemove(context(), id));

program
  .command("open")
  .description("a link that signs you in to the console, once")
  .option("--login <name>", "who signs in; made as an owner if there is nobody of that name", "admin")
  .addHelpText("after", "\nExample: bystack open")
  .action(async (options: { login: string }) => (await import("./commands/open.ts")).runOpen(context(), options));

const explorer = program.command("explorer").description("the index behind blocks, transactions, addresses and assets");
explorer
  .command("rebuild <node>")
  .description("have a node drop its explorer's index and make it anew while it runs; waits for it")
  .addHelpText("after", "\nExample: bystack explorer rebuild main-1")
  .action(async (id: string) => (await explorerCommands()).runExplorerRebuild(context(), id));
program
  .command("block <ref>")
  .description("a block by height, hash or `tip`, with its transactions in words")
  .addHelpText("after", "\nExample: bystack block tip --chain main")
  .action(async (ref: string) => (await explorerCommands()).runBlock(context(), ref));
program
  .command("tx <id>")
  .description("a transaction in words, with its inputs and outputs")
  .addHelpText("after", `\nExample: bystack tx ${"0a".repeat(32)}`)
  .action(async (id: string) => (await explorerCommands()).runTransaction(context(), id));
program
  .command("address <address>")
  .description("what an address holds, and its newest transactions")
  .addHelpText("after", "\nExample: bystack address sm1q5p8mxx3vs7e23wsmkzqhwmqlyxxkdm7gh5ps0z")
  .action(async (address: string) => (await explorerCommands()).runAddress(context(), address));
program
  .command("search <text>")
  .description("what a height, address, id or its first 6 digits may be, on every chain")
  .addHelpText("after", "\nExample: bystack search 0a1b2c")
  .action(async (text: string) => (await explorerCommands()).runSearch(context(), text));

const daemon = program
  .command("daemon")
  .description("the platform's own process (started by the commands that need it)");
daemon
  .command("run")
  .description(
    "run it until SIGTERM; nodes go on without it. A second one stands by, and goes on when the first one is gone",
  )
  .option("--no-wait", "refuse instead of standing by")
  .addHelpText("after", "\nExample: bystack daemon run")
  .action(async (options: { wait: boolean }) => (await import("./daemon/run.ts")).runDaemon(context(), options));

const node = program.command("node").description("nodes of the network");
node
  .command("add")
  .description("one more observer of a side chain; it may stand for election")
  .addHelpText("after", "\nExample: bystack node add --chain demo")
  .action(async () => (await changeCommands()).runNodeAdd(context()));
node
  .command("rm <node>")
  .description("stop the newest observer of its chain and put its folder away")
  .addHelpText("after", "\nExample: bystack node rm demo-5")
  .action(async (id: string) => (await changeCommands()).runNodeRemove(context(), id));
for (const [verb, route, what] of [
  ["start", "startNode", "start a node"],
  ["stop", "stopNode", "stop a node until it, or its network, is started; not one that its chain needs"],
  ["restart", "restartNode", "stop a node and start it again"],
  ["rebuild", "rebuildNode", "make the chain's data of a node anew from its peers; its keys and votes stay"],
] as const)
  node
    .command(`${verb} <node>`)
    .description(what)
    .addHelpText("after", `\nExample: bystack node ${verb} demo-4`)
    .action(async (id: string) => (await changeCommands()).runNodeTurn(context(), id, route));
node
  .command("init <folder>")
  .description("make the keys of a node by its folder, print the public ones (used by the platform)")
  .action(async (folder: string) => (await import("./commands/node-init.ts")).runNodeInit(folder));
node
  .command("run <folder>")
  .description("run a node by its folder until SIGTERM (used by the platform)")
  .action(async (folder: string) => (await nodeCommands()).runNodeRun(folder));

node
  .command("drill <folder>")
  .description("run an opened backup through without peers, votes or ports (used by the platform)")
  .option("--work <folder>", "where to put its throw-away copy")
  .addHelpText("after", "\nExample: bystack node drill ./opened")
  .action(async (folder: string, options: { work?: string }) =>
    (await import("./commands/node-drill.ts")).runNodeDrill(context(), folder, options),
  );

const backup = program
  .command("backup")
  .description("backups: made, proven, restored; only the recipient's key opens them");
const backupCommands = () => import("./commands/backup.ts");
backup
  .command("create")
  .description("back up a chain by one of its nodes, and run the backup through")
  .option("--node <node>", "by this node (default: an observer, or the last validator)")
  .option("--platform", "the platform's own store instead")
  .addHelpText("after", "\nExample: bystack backup create --chain demo")
  .action(async (options: { node?: string; platform?: boolean }) =>
    (await backupCommands()).runBackupCreate(context(), options),
  );
backup
  .command("list")
  .description("backups, newest first, and whether they hold")
  .addHelpText("after", "\nExample: bystack backup list")
  .action(async () => (await backupCommands()).runBackupList(context()));
backup
  .command("show <backup>")
  .description("one backup")
  .addHelpText("after", "\nExample: bystack backup show demo-12")
  .action(async (id: string) => (await backupCommands()).runBackupShow(context(), id));
backup
  .command("verify <backup>")
  .description("compare a sealed backup with its hashes; with the key also what is in it")
  .option("--key <file>", "the recipient's key")
  .addHelpText("after", "\nExample: bystack backup verify demo-12 --key ~/backup.key")
  .action(async (what: string, options: { key?: string }) =>
    (await backupCommands()).runBackupVerify(context(), what, options),
  );
backup
  .command("drill <backup>")
  .description("open a sealed backup and run it through in a throw-away folder")
  .requiredOption("--key <file>", "the recipient's key")
  .addHelpText("after", "\nExample: bystack backup drill demo-12 --key ~/backup.key")
  .action(async (what: string, options: { key: string }) =>
    (await backupCommands()).runBackupDrill(context(), what, options),
  );
backup
  .command("restore <backup>")
  .description("put a backup into the empty folder of a node; a validator observes first")
  .requiredOption("--key <file>", "the recipient's key")
  .requiredOption("--into <node>", "a node of this network, or a folder with the keys of one")
  .option("--record <folder>", "the record of votes of its former data folder; only into a folder")
  .option("--peer <url...>", "nodes of the chain that can say whether the old one still runs; only into a folder")
  .addHelpText("after", "\nExample: bystack backup restore demo-12 --key ~/backup.key --into demo-4")
  .action(async (what: string, options: { key: string; into: string; record?: string; peer?: string[] }) =>
    (await backupCommands()).runBackupRestore(context(), what, options),
  );
const backupKey = backup.command("key").description("the key that backups are sealed to");
backupKey
  .command("create <file>")
  .description("make one; BYSTACK_BACKUP_PASSPHRASE puts the file under a passphrase")
  .addHelpText("after", "\nExample: bystack backup key create ~/backup.key")
  .action(async (file: string) => (await backupCommands()).runBackupKeyCreate(context(), file));

program
  .command("version")
  .description("the version")
  .action(() =>
    context().output.result(
      { version: VERSION, node: process.version },
      `bystack ${VERSION} on node ${process.version}`,
    ),
  );

try {
  await program.parseAsync();
} catch (error) {
  const json = program.opts<GlobalOptions>().json === true;
  if (!(error instanceof CommanderError)) reportFailure(error, json);
  else if (error.exitCode !== 0) reportUsage(error.message, json);
}
