// The opcode table as data (spec/bytom.md section 14.3): code, name, base cost and how the instruction accounts for the
// memory of the stack. The interpreter pays the base cost from here before it runs an instruction, so the price list
// exists once. Opcodes that are not listed are expansion opcodes: reserved at top level, no-ops of cost 1 elsewhere.

/**
 * When stack memory (8 + length per item) is charged and refunded: at once, when the instruction has finished, or not at
 * all. `mixed` instructions do both.
 */
export type StackAccounting = "immediate" | "deferred" | "mixed" | "none";

export type Opcode = {
  readonly code: number;
  readonly name: string;
  /** Gas paid before anything else; instructions that charge by the length of their operands may have 0 here. */
  readonly cost: number;
  readonly accounting: StackAccounting;
  readonly expansion: boolean;
};

export const EXPANSION_COST = 1;

type Row = readonly [code: number, name: string, cost: number, accounting: StackAccounting];

const I = "immediate";
const D = "deferred";

const ROWS: readonly Row[] = [
  [0x00, "FALSE", 1, I],
  [0x4c, "PUSHDATA1", 1, I],
  [0x4d, "PUSHDATA2", 1, I],
  [0x4e, "PUSHDATA4", 1, I],
  [0x4f, "1NEGATE", 1, I],
  [0x61, "NOP", 1, "none"],
  [0x63, "JUMP", 1, "none"],
  [0x64, "JUMPIF", 1, D],
  [0x69, "VERIFY", 1, D],
  [0x6a, "FAIL", 1, "none"],
  [0x6b, "TOALTSTACK", 2, "none"],
  [0x6c, "FROMALTSTACK", 2, "none"],
  [0x6d, "2DROP", 2, I],
  [0x6e, "2DUP", 2, I],
  [0x6f, "3DUP", 3, I],
  [0x70, "2OVER", 2, I],
  [0x71, "2ROT", 2, "none"],
  [0x72, "2SWAP", 2, "none"],
  [0x73, "IFDUP", 1, I],
  [0x74, "DEPTH", 1, I],
  [0x75, "DROP", 1, I],
  [0x76, "DUP", 1, I],
  [0x77, "NIP", 1, I],
  [0x78, "OVER", 1, I],
  [0x79, "PICK", 2, I],
  [0x7a, "ROLL", 2, I],
  [0x7b, "ROT", 2, "none"],
  [0x7c, "SWAP", 1, "none"],
  [0x7d, "TUCK", 1, I],
  [0x7e, "CAT", 4, "mixed"],
  [0x7f, "SUBSTR", 4, "mixed"],
  [0x80, "LEFT", 4, "mixed"],
  [0x81, "RIGHT", 4, "mixed"],
  [0x82, "SIZE", 1, D],
  [0x83, "INVERT", 1, "none"],
  [0x84, "AND", 1, D],
  [0x85, "OR", 1, D],
  [0x86, "XOR", 1, D],
  [0x87, "EQUAL", 1, D],
  [0x88, "EQUALVERIFY", 1, D],
  [0x89, "CATPUSHDATA", 4, "mixed"],
  [0x8b, "1ADD", 2, D],
  [0x8c, "1SUB", 2, D],
  [0x8d, "2MUL", 2, D],
  [0x8e, "2DIV", 2, D],
  [0x8f, "NEGATE", 2, D],
  [0x90, "ABS", 2, D],
  [0x91, "NOT", 2, D],
  [0x92, "0NOTEQUAL", 2, D],
  [0x93, "ADD", 2, D],
  [0x94, "SUB", 2, D],
  [0x95, "MUL", 8, D],
  [0x96, "DIV", 8, D],
  [0x97, "MOD", 8, D],
  [0x98, "LSHIFT", 8, D],
  [0x99, "RSHIFT", 8, D],
  [0x9a, "BOOLAND", 2, D],
  [0x9b, "BOOLOR", 2, D],
  [0x9c, "NUMEQUAL", 2, D],
  [0x9d, "NUMEQUALVERIFY", 2, D],
  [0x9e, "NUMNOTEQUAL", 2, D],
  [0x9f, "LESSTHAN", 2, D],
  [0xa0, "GREATERTHAN", 2, D],
  [0xa1, "LESSTHANOREQUAL", 2, D],
  [0xa2, "GREATERTHANOREQUAL", 2, D],
  [0xa3, "MIN", 2, D],
  [0xa4, "MAX", 2, D],
  [0xa5, "WITHIN", 4, D],
  [0xa8, "SHA256", 0, I],
  [0xaa, "SHA3", 0, I],
  [0xab, "HASH160", 0, I],
  [0xac, "CHECKSIG", 1024, D],
  [0xad, "CHECKMULTISIG", 0, D],
  [0xae, "TXSIGHASH", 256, I],
  [0xc0, "CHECKPREDICATE", 256, "mixed"],
  [0xc1, "CHECKOUTPUT", 16, D],
  [0xc2, "ASSET", 1, D],
  [0xc3, "AMOUNT", 1, D],
  [0xc4, "PROGRAM", 1, D],
  [0xc9, "INDEX", 1, D],
  [0xca, "ENTRYID", 1, D],
  [0xcb, "OUTPUTID", 1, D],
  [0xcd, "BLOCKHEIGHT", 1, D],
];

function expansion(code: number): Opcode {
  const name = `NOPx${code.toString(16).padStart(2, "0")}`;
  return { code, name, cost: EXPANSION_COST, accounting: "none", expansion: true };
}

function buildTable(): readonly Opcode[] {
  const table = Array.from({ length: 256 }, (_, code) => expansion(code));
  const put = ([code, name, cost, accounting]: Row): void => {
    table[code] = { code, name, cost, accounting, expansion: false };
  };
  for (let length = 1; length <= 75; length += 1) put([length, `DATA_${length}`, 1, I]);
  for (let value = 1; value <= 16; value += 1) put([0x50 + value, `${value}`, 1, I]);
  ROWS.forEach(put);
  return table;
}

/** The 256 opcodes of Bytom, by code. */
export const OPCODES: readonly Opcode[] = buildTable();

/** The one opcode that side chains add (spec/vapor.md section 7.2); on the main chain a6 is an expansion opcode. */
export const MULFRACTION: Opcode = {
  code: 0xa6,
  name: "MULFRACTION",
  cost: 8,
  accounting: D,
  expansion: false,
};

/** The table that a chain with these rules uses. */
export function opcodeTable(rules: { readonly mulFraction: boolean }): readonly Opcode[] {
  return rules.mulFraction ? OPCODES_WITH_MULFRACTION : OPCODES;
}

const OPCODES_WITH_MULFRACTION: readonly Opcode[] = OPCODES.with(MULFRACTION.code, MULFRACTION);

/** The opcodes that program builders and the interpreter name. */
export const OP = {
  FALSE: 0x00,
  PUSHDATA1: 0x4c,
  PUSHDATA2: 0x4d,
  PUSHDATA4: 0x4e,
  NEGATE1: 0x4f,
  TRUE: 0x51,
  N16: 0x60,
  JUMP: 0x63,
  JUMPIF: 0x64,
  VERIFY: 0x69,
  FAIL: 0x6a,
  DUP: 0x76,
  SWAP: 0x7c,
  EQUALVERIFY: 0x88,
  SHA3: 0xaa,
  HASH160: 0xab,
  CHECKSIG: 0xac,
  CHECKMULTISIG: 0xad,
  TXSIGHASH: 0xae,
  CHECKPREDICATE: 0xc0,
} as const;
