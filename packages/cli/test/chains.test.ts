// Which chain a command means: the named one, else the only side chain; with several somebody has to say.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkState } from "@bystack/platform/network/layout";
import { BystackError } from "@bystack/utils/errors";
import { createContext } from "../src/context.ts";
import { chainsOf, kindOf, sideOf } from "../src/network/chains.ts";

function stateOf(...chains: readonly string[]): NetworkState {
  const sides = chains.map((chain) => ({ chain, chainId: "", createdAtMs: 0, roundTrip: null, proven: true }));
  return {
    format: 2,
    network: "dev",
    createdAtMs: 0,
    mainChain: "first",
    mainSpecHash: "",
    sides,
    nodes: [],
    accounts: [],
    assets: [],
  };
}

const context = (chain?: string) => createContext(chain === undefined ? {} : { chain });

function failure(run: () => unknown): [string, string] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof BystackError);
    return [error.code, error.why];
  }
  return assert.fail("it was taken");
}

test("the only side chain needs no name", () => {
  assert.equal(sideOf(context(), stateOf("demo")).chain, "demo");
  assert.equal(kindOf(context(), stateOf("demo")), "side");
});

test("of several one has to be named", () => {
  const state = stateOf("demo", "acme");
  assert.deepEqual(
    failure(() => sideOf(context(), state)),
    ["CHAIN_AMBIGUOUS", "side chains: demo, acme"],
  );
  assert.equal(sideOf(context("acme"), state).chain, "acme");
});

test("a name that is none, and the main chain where a side chain is needed, are refused with the names that there are", () => {
  const state = stateOf("demo", "acme");
  assert.deepEqual(
    failure(() => sideOf(context("acne"), state)),
    ["CHAIN_NOT_FOUND", "acne; side chains: demo, acme"],
  );
  assert.deepEqual(failure(() => sideOf(context("first"), state))[0], "CHAIN_NOT_FOUND");
  assert.equal(failure(() => sideOf(context(), stateOf()))[0], "CHAIN_NOT_FOUND");
});

test("the main chain is meant by its own name", () => {
  const state = stateOf("demo", "acme");
  assert.deepEqual([kindOf(context("first"), state), kindOf(context("acme"), state)], ["main", "side"]);
  assert.deepEqual(
    chainsOf(state).map(({ chain, kind }) => `${chain} ${kind}`),
    ["first main", "demo side", "acme side"],
  );
});
