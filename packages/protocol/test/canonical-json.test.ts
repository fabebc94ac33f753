// Canonical JSON and the text of asset definitions.

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { formatAssetDefinition } from "../src/asset-definition.ts";
import { type CanonicalValue, formatCanonicalJson } from "../src/canonical-json.ts";

suite("canonical JSON", () => {
  test("writes the example of RFC 8785 section 3.2.2", () => {
    const value = {
      numbers: [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\u000aA\'B"\\\\"/',
      literals: [null, true, false],
    };
    const expected =
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}';
    assert.equal(formatCanonicalJson(value), expected);
  });

  test("sorts keys by UTF-16 code units (section 3.2.3)", () => {
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
    const keys = [...formatCanonicalJson(value).matchAll(/:(\d)/g)].map((match) => match[1]).join("");
    assert.equal(keys, "2467153");
  });

  test("amounts are decimal strings", () => {
    assert.equal(formatCanonicalJson({ amount: 1n << 63n }), '{"amount":"9223372036854775808"}');
  });

  test("refuses what has no canonical text", () => {
    const circular: Record<string, CanonicalValue> = {};
    circular.self = circular;
    const refused: unknown[] = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "\ud800",
      { a: undefined },
      new Date(0),
      circular,
    ];
    for (const value of refused) assert.throws(() => formatCanonicalJson(value as CanonicalValue));
  });
});

suite("asset definition", () => {
  const format = (json: string): string | undefined => {
    const bytes = formatAssetDefinition(json);
    return bytes && new TextDecoder().decode(bytes);
  };

  test("keeps numbers as written, sorts keys by bytes, indents by two", () => {
    const text = format('{"b":[1.50,-0,1E5,{}],"\u{1f600}":2,"\ufb33":1,"a":{"y":[],"x":null}}');
    assert.equal(
      text,
      '{\n  "a": {\n    "x": null,\n    "y": []\n  },\n  "b": [\n    1.50,\n    -0,\n    1E5,\n    {}\n  ],\n' +
        '  "\ufb33": 1,\n  "\u{1f600}": 2\n}',
    );
  });

  test("escapes what the reference escapes", () => {
    assert.equal(
      format('{"k":"<&>\\u2028\\b\\t\\"\\u007f\\ud800"}'),
      '{\n  "k": "\\u003c\\u0026\\u003e\\u2028\\u0008\\t\\"\u007f\ufffd"\n}',
    );
  });

  test("takes objects only, and not endless ones", () => {
    for (const json of ["", "[]", "1", "null", '"x"', "{", `${'{"a":'.repeat(100)}1${"}".repeat(100)}`]) {
      assert.equal(formatAssetDefinition(json), undefined, json.slice(0, 20));
    }
    assert.equal(format("{}"), "{}");
  });
});
