// The Tensority kernel in WebAssembly SIMD (spec/bytom.md sections 5.2 to 5.5); SHA-3 stays outside, in src/tensority-kernel.ts.
// The host grows the memory to SLOTS + 16 MiB per seed and calls fillSlot once per seed, multiply once per hash.
//
// A cached matrix B is kept "packed": for each block of four rows j and each pair of columns (k, k+1) eight bytes
// B[j][k] B[j][k+1] B[j+1][k] ... B[j+3][k+1], so that one widening load is one operand of i32x4.dot_i16x8_s and four
// neighbouring results of M x B^T lie in one register: no horizontal sums. M is kept as 16-bit lanes, row by row.

/** Everything below 8 KiB belongs to the compiler; the regions are fixed because nothing here allocates. */
const EXT: usize = 8192; // 128 bytes: the extended seed, in and out of every round
const INDEXES: usize = 12288; // 128 bytes: four chains of 32 matrix numbers
const FOLDED: usize = 16384; // 256 bytes: row 0 after folding, what is hashed last
const SUM: usize = 64 * 1024; // 256 x 256 bytes: the sum of the four chains
const MATRIX_A: usize = 128 * 1024; // 256 x 256 lanes of 16 bits
const MATRIX_B: usize = 256 * 1024; // the same, the other half of the ping-pong
const TABLE: usize = MATRIX_B; // V of one scrypt round, 1024 x 128 bytes; never needed together with a matrix
const SLOTS: usize = 512 * 1024; // one packed cache of 16 MiB per seed

const ORDER: usize = 256;
const MATRIX_BYTES: usize = ORDER * ORDER;
const SLOT_BYTES: usize = 256 * MATRIX_BYTES;
const ROUNDS: usize = 128;

// Salsa20/8 keeps its state as four diagonals, one per register. Word w of a 64-byte block lives at DIAGONAL[w]; the
// table V is stored in that order and put right only when a matrix is packed.
const DIAGONAL = memory.data<u8>([0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3]);

let x0: v128 = i32x4.splat(0);
let x1: v128 = i32x4.splat(0);
let x2: v128 = i32x4.splat(0);
let x3: v128 = i32x4.splat(0);
let y0: v128 = i32x4.splat(0);
let y1: v128 = i32x4.splat(0);
let y2: v128 = i32x4.splat(0);
let y3: v128 = i32x4.splat(0);

@inline
function rotl(v: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(v, bits), i32x4.shr_u(v, 32 - bits));
}

/** Both halves of scrypt's BlockMix for r = 1: x = Salsa20/8(x ^ y), then y = Salsa20/8(y ^ x). */
function blockMix(): void {
  let first0 = x0, first1 = x1, first2 = x2, first3 = x3;
  let second0 = y0, second1 = y1, second2 = y2, second3 = y3;
  for (let half = 0; half < 2; half++) {
    const in0 = v128.xor(first0, second0);
    const in1 = v128.xor(first1, second1);
    const in2 = v128.xor(first2, second2);
    const in3 = v128.xor(first3, second3);
    let a = in0, b = in1, c = in2, d = in3;
    for (let round = 0; round < 4; round++) {
      b = v128.xor(b, rotl(i32x4.add(a, d), 7));
      c = v128.xor(c, rotl(i32x4.add(b, a), 9));
      d = v128.xor(d, rotl(i32x4.add(c, b), 13));
      a = v128.xor(a, rotl(i32x4.add(d, c), 18));
      b = v128.shuffle<i32>(b, b, 3, 0, 1, 2);
      c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
      d = v128.shuffle<i32>(d, d, 1, 2, 3, 0);
      d = v128.xor(d, rotl(i32x4.add(a, b), 7));
      c = v128.xor(c, rotl(i32x4.add(d, a), 9));
      b = v128.xor(b, rotl(i32x4.add(c, d), 13));
      a = v128.xor(a, rotl(i32x4.add(b, c), 18));
      b = v128.shuffle<i32>(b, b, 1, 2, 3, 0);
      c = v128.shuffle<i32>(c, c, 2, 3, 0, 1);
      d = v128.shuffle<i32>(d, d, 3, 0, 1, 2);
    }
    first0 = second0;
    first1 = second1;
    first2 = second2;
    first3 = second3;
    second0 = i32x4.add(a, in0);
    second1 = i32x4.add(b, in1);
    second2 = i32x4.add(c, in2);
    second3 = i32x4.add(d, in3);
    if (half == 0) {
      x0 = second0;
      x1 = second1;
      x2 = second2;
      x3 = second3;
    }
  }
  y0 = second0;
  y1 = second1;
  y2 = second2;
  y3 = second3;
}

/** One round of section 5.2: 1024 states to TABLE, then 1024 look-ups; the state is x, y throughout. */
function scryptRound(): void {
  for (let row: usize = TABLE; row < TABLE + 131072; row += 128) {
    v128.store(row, x0, 0);
    v128.store(row, x1, 16);
    v128.store(row, x2, 32);
    v128.store(row, x3, 48);
    v128.store(row, y0, 64);
    v128.store(row, y1, 80);
    v128.store(row, y2, 96);
    v128.store(row, y3, 112);
    blockMix();
  }
  for (let i = 0; i < 1024; i++) {
    // Word 0 of a block is lane 0 of its first diagonal.
    const row = TABLE + (<usize>(i32x4.extract_lane(y0, 0) & 1023)) * 128;
    x0 = v128.xor(x0, v128.load(row, 0));
    x1 = v128.xor(x1, v128.load(row, 16));
    x2 = v128.xor(x2, v128.load(row, 32));
    x3 = v128.xor(x3, v128.load(row, 48));
    y0 = v128.xor(y0, v128.load(row, 64));
    y1 = v128.xor(y1, v128.load(row, 80));
    y2 = v128.xor(y2, v128.load(row, 96));
    y3 = v128.xor(y3, v128.load(row, 112));
    blockMix();
  }
}

/** Row j of the even (odd) matrix of a round is its 128-byte chunks 4j and 4j+2 (4j+1 and 4j+3): section 5.3. */
function packMatrix(parity: usize, target: usize): void {
  for (let row: usize = 0; row < ORDER; row++) {
    const block = target + (row >> 2) * (4 * ORDER) + (row & 3) * 2;
    for (let word: usize = 0; word < 64; word++) {
      const chunk = TABLE + (4 * row + 2 * (word >> 5) + parity) * 128;
      const place = chunk + ((word >> 4) & 1) * 64 + (<usize>load<u8>(DIAGONAL + (word & 15))) * 4;
      const value = load<u32>(place);
      const pair = block + word * 16;
      store<u16>(pair, <u16>value);
      store<u16>(pair, <u16>(value >> 16), 8);
    }
  }
}

/** Fills the cache of a slot from the extended seed at EXT (sections 5.2 and 5.3). */
export function fillSlot(slot: i32): void {
  const scratch: usize = MATRIX_A; // the state in diagonal order, to load it as registers
  for (let word: usize = 0; word < 32; word++) {
    const place = (word >> 4) * 64 + (<usize>load<u8>(DIAGONAL + (word & 15))) * 4;
    store<u32>(scratch + place, load<u32>(EXT + word * 4));
  }
  x0 = v128.load(scratch, 0);
  x1 = v128.load(scratch, 16);
  x2 = v128.load(scratch, 32);
  x3 = v128.load(scratch, 48);
  y0 = v128.load(scratch, 64);
  y1 = v128.load(scratch, 80);
  y2 = v128.load(scratch, 96);
  y3 = v128.load(scratch, 112);
  const base = SLOTS + <usize>slot * SLOT_BYTES;
  for (let round: usize = 0; round < ROUNDS; round++) {
    scryptRound();
    packMatrix(0, base + 2 * round * MATRIX_BYTES);
    packMatrix(1, base + (2 * round + 1) * MATRIX_BYTES);
  }
}

/** R of section 5.4 on four sums: the two low bytes added, kept as a signed byte in a 32-bit lane. */
@inline
function reduce(v: v128): v128 {
  return i32x4.shr_s(i32x4.shl(i32x4.add(v, i32x4.shr_u(v, 8)), 24), 24);
}

/** The first product of a chain, identity x B^T: a transposition with R, which lowers negative bytes by one. */
function firstProduct(packed: usize, target: usize): void {
  for (let block: usize = 0; block < 64; block++) {
    for (let pair: usize = 0; pair < 128; pair++) {
      const wide = v128.load8x8_s(packed + block * (4 * ORDER) + pair * 8);
      const lowered = i16x8.add(wide, i16x8.shr_s(wide, 15)); // -128 becomes -129, whose low byte is 127
      const lanes = i16x8.shr_s(i16x8.shl(lowered, 8), 8);
      const sorted = v128.shuffle<i16>(lanes, lanes, 0, 2, 4, 6, 1, 3, 5, 7);
      const place = target + pair * (4 * ORDER) + block * 8;
      store<i64>(place, i64x2.extract_lane(sorted, 0));
      store<i64>(place, i64x2.extract_lane(sorted, 1), 2 * ORDER);
    }
  }
}

/** target = R(source x B^T), in tiles of four rows and eight columns: eight accumulators fit sixteen registers. */
function product(source: usize, packed: usize, target: usize): void {
  for (let row: usize = 0; row < ORDER; row += 4) {
    const m0 = source + row * (2 * ORDER);
    const out = target + row * (2 * ORDER);
    for (let block: usize = 0; block < 64; block += 2) {
      let s00 = i32x4.splat(0), s01 = i32x4.splat(0);
      let s10 = i32x4.splat(0), s11 = i32x4.splat(0);
      let s20 = i32x4.splat(0), s21 = i32x4.splat(0);
      let s30 = i32x4.splat(0), s31 = i32x4.splat(0);
      let b = packed + block * (4 * ORDER);
      const end = m0 + 2 * ORDER;
      for (let m = m0; m < end; m += 4) {
        const b0 = v128.load8x8_s(b);
        const b1 = v128.load8x8_s(b, 4 * ORDER);
        let a = v128.load32_splat(m);
        s00 = i32x4.add(s00, i32x4.dot_i16x8_s(a, b0));
        s01 = i32x4.add(s01, i32x4.dot_i16x8_s(a, b1));
        a = v128.load32_splat(m, 2 * ORDER);
        s10 = i32x4.add(s10, i32x4.dot_i16x8_s(a, b0));
        s11 = i32x4.add(s11, i32x4.dot_i16x8_s(a, b1));
        a = v128.load32_splat(m, 4 * ORDER);
        s20 = i32x4.add(s20, i32x4.dot_i16x8_s(a, b0));
        s21 = i32x4.add(s21, i32x4.dot_i16x8_s(a, b1));
        a = v128.load32_splat(m, 6 * ORDER);
        s30 = i32x4.add(s30, i32x4.dot_i16x8_s(a, b0));
        s31 = i32x4.add(s31, i32x4.dot_i16x8_s(a, b1));
        b += 8;
      }
      const place = out + block * 8;
      v128.store(place, i16x8.narrow_i32x4_s(reduce(s00), reduce(s01)));
      v128.store(place, i16x8.narrow_i32x4_s(reduce(s10), reduce(s11)), 2 * ORDER);
      v128.store(place, i16x8.narrow_i32x4_s(reduce(s20), reduce(s21)), 4 * ORDER);
      v128.store(place, i16x8.narrow_i32x4_s(reduce(s30), reduce(s31)), 6 * ORDER);
    }
  }
}

/** SUM += matrix, bytes modulo 256. */
function accumulate(matrix: usize): void {
  const low = i16x8.splat(0xff);
  for (let i: usize = 0; i < MATRIX_BYTES; i += 16) {
    const left = v128.and(v128.load(matrix + 2 * i), low);
    const right = v128.and(v128.load(matrix + 2 * i, 16), low);
    v128.store(SUM + i, i8x16.add(v128.load(SUM + i), i8x16.narrow_i16x8_u(left, right)));
  }
}

/** Section 5.5: the sum as 256 rows of 64 words, folded to row 0 at FOLDED. SUM is left as it was. */
function fold(): void {
  for (let row: usize = 0; row < ORDER; row++) {
    for (let column: usize = 0; column < 64; column++) {
      const from = SUM + row * ORDER + column;
      const word = (<u32>load<u8>(from)) | ((<u32>load<u8>(from, 64)) << 8) | ((<u32>load<u8>(from, 128)) << 16) | ((<u32>load<u8>(from, 192)) << 24);
      store<u32>(MATRIX_A + (row * 64 + column) * 4, word);
    }
  }
  const prime = i32x4.splat(0x01000193);
  for (let rows: usize = 128; rows >= 1; rows >>= 1) {
    const half = rows * 256;
    for (let at: usize = MATRIX_A; at < MATRIX_A + half; at += 16) {
      v128.store(at, v128.xor(i32x4.mul(v128.load(at), prime), v128.load(at + half)));
    }
  }
  memory.copy(FOLDED, MATRIX_A, 256);
}

/** Sections 5.4 and 5.5 for the matrix numbers at INDEXES; leaves SUM and FOLDED. */
export function multiply(slot: i32): void {
  const base = SLOTS + <usize>slot * SLOT_BYTES;
  memory.fill(SUM, 0, MATRIX_BYTES);
  for (let chain: usize = 0; chain < 4; chain++) {
    let source = MATRIX_A;
    let target = MATRIX_B;
    firstProduct(base + <usize>load<u8>(INDEXES + chain * 32) * MATRIX_BYTES, source);
    for (let step: usize = 1; step < 64; step++) {
      product(source, base + <usize>load<u8>(INDEXES + chain * 32 + (step & 31)) * MATRIX_BYTES, target);
      const swap = source;
      source = target;
      target = swap;
    }
    accumulate(source);
  }
  fold();
}
