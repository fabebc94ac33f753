// The bounded queue keeps order and its limit; suggestions find the nearest word.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BoundedQueue } from "@bystack/utils/queue";
import { nearestWord } from "@bystack/utils/suggest";
import fc from "fast-check";

test("a bounded queue behaves as an array with a limit", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer(), { nil: undefined }), { maxLength: 500 }), (operations) => {
      const queue = new BoundedQueue<number>({ name: "test", capacity: 100 });
      const model: number[] = [];
      for (const operation of operations) {
        if (operation === undefined) assert.equal(queue.shift(), model.shift());
        else assert.equal(queue.push(operation), model.length < 100 && model.push(operation) > 0);
        assert.equal(queue.length, model.length);
      }
    }),
  );
});

test("the nearest word is suggested only when it is near", () => {
  assert.equal(nearestWord("treshold", ["threshold", "scheme", "members"]), "threshold");
  assert.equal(nearestWord("Threshold", ["threshold"]), "threshold");
  assert.equal(nearestWord("zzzzzzzz", ["threshold", "scheme"]), undefined);
});
