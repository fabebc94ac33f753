// The seed cache of Tensority in plain TypeScript (spec/bytom.md section 5.2): 128 rounds of scrypt's SMix with r = 1 and
// N = 1024 on the extended seed, keeping the table V of every round. Words are 32-bit, little-endian in the byte view.

const ROUNDS = 128;
const STATES = 1024;
const STATE_WORDS = 32;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** state[to..to+16] = Salsa20/8(state[to..] ^ state[from..]) with the feed-forward of the Salsa20 core. */
function salsaXor(state: Int32Array, to: number, from: number, input: Int32Array): void {
  for (let i = 0; i < 16; i += 1) input[i] = (state[to + i] ?? 0) ^ (state[from + i] ?? 0);
  // Sixteen locals: V8 keeps most of them in registers, which an array would not allow.
  let x0 = input[0] ?? 0;
  let x1 = input[1] ?? 0;
  let x2 = input[2] ?? 0;
  let x3 = input[3] ?? 0;
  let x4 = input[4] ?? 0;
  let x5 = input[5] ?? 0;
  let x6 = input[6] ?? 0;
  let x7 = input[7] ?? 0;
  let x8 = input[8] ?? 0;
  let x9 = input[9] ?? 0;
  let x10 = input[10] ?? 0;
  let x11 = input[11] ?? 0;
  let x12 = input[12] ?? 0;
  let x13 = input[13] ?? 0;
  let x14 = input[14] ?? 0;
  let x15 = input[15] ?? 0;
  for (let double = 0; double < 4; double += 1) {
    x4 ^= rotate((x0 + x12) | 0, 7);
    x8 ^= rotate((x4 + x0) | 0, 9);
    x12 ^= rotate((x8 + x4) | 0, 13);
    x0 ^= rotate((x12 + x8) | 0, 18);
    x9 ^= rotate((x5 + x1) | 0, 7);
    x13 ^= rotate((x9 + x5) | 0, 9);
    x1 ^= rotate((x13 + x9) | 0, 13);
    x5 ^= rotate((x1 + x13) | 0, 18);
    x14 ^= rotate((x10 + x6) | 0, 7);
    x2 ^= rotate((x14 + x10) | 0, 9);
    x6 ^= rotate((x2 + x14) | 0, 13);
    x10 ^= rotate((x6 + x2) | 0, 18);
    x3 ^= rotate((x15 + x11) | 0, 7);
    x7 ^= rotate((x3 + x15) | 0, 9);
    x11 ^= rotate((x7 + x3) | 0, 13);
    x15 ^= rotate((x11 + x7) | 0, 18);
    x1 ^= rotate((x0 + x3) | 0, 7);
    x2 ^= rotate((x1 + x0) | 0, 9);
    x3 ^= rotate((x2 + x1) | 0, 13);
    x0 ^= rotate((x3 + x2) | 0, 18);
    x6 ^= rotate((x5 + x4) | 0, 7);
    x7 ^= rotate((x6 + x5) | 0, 9);
    x4 ^= rotate((x7 + x6) | 0, 13);
    x5 ^= rotate((x4 + x7) | 0, 18);
    x11 ^= rotate((x10 + x9) | 0, 7);
    x8 ^= rotate((x11 + x10) | 0, 9);
    x9 ^= rotate((x8 + x11) | 0, 13);
    x10 ^= rotate((x9 + x8) | 0, 18);
    x12 ^= rotate((x15 + x14) | 0, 7);
    x13 ^= rotate((x12 + x15) | 0, 9);
    x14 ^= rotate((x13 + x12) | 0, 13);
    x15 ^= rotate((x14 + x13) | 0, 18);
  }
  state[to] = x0 + (input[0] ?? 0);
  state[to + 1] = x1 + (input[1] ?? 0);
  state[to + 2] = x2 + (input[2] ?? 0);
  state[to + 3] = x3 + (input[3] ?? 0);
  state[to + 4] = x4 + (input[4] ?? 0);
  state[to + 5] = x5 + (input[5] ?? 0);
  state[to + 6] = x6 + (input[6] ?? 0);
  state[to + 7] = x7 + (input[7] ?? 0);
  state[to + 8] = x8 + (input[8] ?? 0);
  state[to + 9] = x9 + (input[9] ?? 0);
  state[to + 10] = x10 + (input[10] ?? 0);
  state[to + 11] = x11 + (input[11] ?? 0);
  state[to + 12] = x12 + (input[12] ?? 0);
  state[to + 13] = x13 + (input[13] ?? 0);
  state[to + 14] = x14 + (input[14] ?? 0);
  state[to + 15] = x15 + (input[15] ?? 0);
}

/** Writes the 16 MiB cache of an extended seed (128 bytes) into `cache`, in the order of the specification. */
export function fillSeedCache(extendedSeed: Uint8Array, cache: Uint8Array): void {
  const view = new DataView(cache.buffer, cache.byteOffset, cache.length);
  const seed = new DataView(extendedSeed.buffer, extendedSeed.byteOffset, extendedSeed.length);
  const state = Int32Array.from({ length: STATE_WORDS }, (_, word) => seed.getInt32(4 * word, true));
  const table = new Int32Array(STATES * STATE_WORDS);
  const input = new Int32Array(16);
  const mixBlock = () => {
    salsaXor(state, 0, 16, input);
    salsaXor(state, 16, 0, input);
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let row = 0; row < table.length; row += STATE_WORDS) {
      table.set(state, row);
      mixBlock();
    }
    for (let step = 0; step < STATES; step += 1) {
      const row = ((state[16] ?? 0) & (STATES - 1)) * STATE_WORDS;
      for (let word = 0; word < STATE_WORDS; word += 1) state[word] = (state[word] ?? 0) ^ (table[row + word] ?? 0);
      mixBlock();
    }
    const base = round * table.length * 4;
    for (let word = 0; word < table.length; word += 1) view.setInt32(base + 4 * word, table[word] ?? 0, true);
  }
}
