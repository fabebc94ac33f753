// Amounts of a definition: decimal BTM as people write them, in the unit that chains count in.

export const NEU_PER_BTM = 100_000_000n;

/** Whole or decimal BTM as neu. The definition's schema vouches for the form. */
export function btmToNeu(text: string): bigint {
  const [whole = "0", places = ""] = text.split(".");
  return BigInt(whole) * NEU_PER_BTM + BigInt(places.slice(0, 8).padEnd(8, "0"));
}
