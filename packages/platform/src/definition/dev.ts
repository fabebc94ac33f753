// The definition that `bystack up` writes and starts when it is given none.

export const DEV_DEFINITION = `# A Bystack network: one main chain, one side chain, the federation between them.
format: 1
network: dev
preset: dev
provider: process
main:
  chain: main
  spec: dev
  nodes:
    - { node: main-1, parts: [main], mine: { threads: 1, everyMs: 2000 } }
sides:
  - chain: demo
    engine: { kind: bbft-flat, blockMs: 500, run: 4, epochBlocks: 60 }
    privacy: { mode: transparent }
    store: lmdb
    nodes: { count: 4, parts: [validator, federation] }
    federation: { scheme: checkmultisig, threshold: 3, confirmations: 6, assets: [BTM, GOLD] }
accounts: # amounts are decimal strings, in whole BTM
  - { account: alice, fund: { BTM: "10000" } }
  - { account: bob }
  - { account: issuer, fund: { BTM: "1000" } }
assets:
  - { asset: GOLD, issuer: issuer, decimals: 2 }
prove: [peg-round-trip]
`;

/**
 * The same with elections and a fifth node that has no seat yet. Not the default: a fixed committee is what somebody expects
 * who starts a network for the first time, votes cost BTM that have to be pegged in first, and a fifth process costs memory.
 */
export const DEV_ELECTIONS_DEFINITION = DEV_DEFINITION.replace(
  "    nodes: { count: 4, parts: [validator, federation] }\n",
  "    nodes: { count: 4, observers: 1, parts: [validator, federation] }\n    elections: {} # each parameter has a default\n",
);
