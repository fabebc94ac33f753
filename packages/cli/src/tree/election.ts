// Elections of a side chain: candidates, committees, votes.

import { epochName, percent } from "./arguments.ts";
import type { AddCommands } from "./tree.ts";

const candidateCommands = () => import("../commands/candidate.ts");
const voteCommands = () => import("../commands/vote.ts");

/** Elections of a side chain: candidates, committees, votes. */
export const addElectionCommands: AddCommands = (program, context) => {
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
};
