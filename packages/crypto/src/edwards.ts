// Points of the twisted Edwards curve of Ed25519 (RFC 8032, section 5.1) on bigint: -x^2 + y^2 = 1 + d x^2 y^2 modulo
// p = 2^255 - 19. Formulas: Hisil, Wong, Carter and Dawson 2008 for a = -1, extended coordinates; d is no square, so the
// addition is complete and right for points of small order too. Nothing here is constant in time.
//
// Field elements between operations are only loosely reduced (a few bits beyond 255, possibly a little below zero);
// `canonical` gives the one representative in [0, p).

import { bigintToBytesLe, bytesToBigintLe } from "@bystack/utils/bytes";

const P = (1n << 255n) - 19n;
const MASK_255 = (1n << 255n) - 1n;

/** The order of the base point: 2^252 + 27742317777372353535851937790883648493. */
export const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const D2 = canonical(2n * D);
/** A square root of -1. */
const ROOT_MINUS_ONE = 19681161376707505956807079304988542015446066515923890162744021073123829784752n;

/** An extended point: x = X/Z, y = Y/Z, T = XY/Z. */
export type EdwardsPoint = { readonly x: bigint; readonly y: bigint; readonly z: bigint; readonly t: bigint };

/** A point prepared for additions: (Y+X, Y-X, 2dT, 2Z). */
type AddendPoint = { readonly plus: bigint; readonly minus: bigint; readonly t2d: bigint; readonly z2: bigint };

const IDENTITY: EdwardsPoint = { x: 0n, y: 1n, z: 1n, t: 0n };

const BASE = {
  x: 15112221349535400772501151409588531511454012693041857206046113283949847762202n,
  y: 46316835694926478169428394003475163141307993866256225615783033603165251855960n,
};

/** Reduces a product loosely: 2^255 is 19. Arithmetic shifts make it right for negative values as well. */
function fold(a: bigint): bigint {
  const once = (a & MASK_255) + 19n * (a >> 255n);
  return (once & MASK_255) + 19n * (once >> 255n);
}

function canonical(a: bigint): bigint {
  const rest = a % P;
  return rest < 0n ? rest + P : rest;
}

function squareTimes(a: bigint, times: number): bigint {
  let power = a;
  for (let i = 0; i < times; i += 1) power = fold(power * power);
  return power;
}

/** a^(2^250 - 1) and a^11, the common start of both exponentiations below. */
function powerChain(a: bigint): { ones250: bigint; eleven: bigint } {
  const two = fold(a * a);
  const nine = fold(a * squareTimes(two, 2));
  const eleven = fold(nine * two);
  const ones5 = fold(nine * fold(eleven * eleven));
  const ones10 = fold(squareTimes(ones5, 5) * ones5);
  const ones20 = fold(squareTimes(ones10, 10) * ones10);
  const ones40 = fold(squareTimes(ones20, 20) * ones20);
  const ones50 = fold(squareTimes(ones40, 10) * ones10);
  const ones100 = fold(squareTimes(ones50, 50) * ones50);
  const ones200 = fold(squareTimes(ones100, 100) * ones100);
  return { ones250: fold(squareTimes(ones200, 50) * ones50), eleven };
}

/** a^(p-2). */
function invert(a: bigint): bigint {
  const { ones250, eleven } = powerChain(a);
  return fold(squareTimes(ones250, 5) * eleven);
}

/** x with v x^2 = u, or undefined when u/v is no square (RFC 8032, section 5.1.3). */
function squareRootOfRatio(u: bigint, v: bigint): bigint | undefined {
  const v3 = fold(fold(v * v) * v);
  const base = fold(u * fold(fold(v3 * v3) * v));
  const power = fold(squareTimes(powerChain(base).ones250, 2) * base); // base^((p-5)/8)
  const x = fold(fold(u * v3) * power);
  const square = fold(v * fold(x * x));
  if (canonical(square - u) === 0n) return canonical(x);
  if (canonical(square + u) === 0n) return canonical(x * ROOT_MINUS_ONE);
  return undefined;
}

function double(point: EdwardsPoint): EdwardsPoint {
  const { x, y, z } = point;
  const xx = fold(x * x);
  const yy = fold(y * y);
  const zz2 = 2n * fold(z * z);
  const sum = x + y;
  const h = xx + yy;
  const e = h - fold(sum * sum);
  const g = xx - yy;
  const f = zz2 + g;
  return { x: fold(e * f), y: fold(g * h), t: fold(e * h), z: fold(f * g) };
}

function addendOf({ x, y, z, t }: EdwardsPoint): AddendPoint {
  return { plus: y + x, minus: y - x, t2d: fold(t * D2), z2: 2n * z };
}

function negateAddend({ plus, minus, t2d, z2 }: AddendPoint): AddendPoint {
  return { plus: minus, minus: plus, t2d: -t2d, z2 };
}

function addAddend({ x, y, z, t }: EdwardsPoint, other: AddendPoint): EdwardsPoint {
  const a = fold((y - x) * other.minus);
  const b = fold((y + x) * other.plus);
  const c = fold(t * other.t2d);
  const d = fold(z * other.z2);
  const e = b - a;
  const f = d - c;
  const g = d + c;
  const h = b + a;
  return { x: fold(e * f), y: fold(g * h), t: fold(e * h), z: fold(f * g) };
}

export function addPoints(a: EdwardsPoint, b: EdwardsPoint): EdwardsPoint {
  return addAddend(a, addendOf(b));
}

export function negatePoint({ x, y, z, t }: EdwardsPoint): EdwardsPoint {
  return { x: -x, y, z, t: -t };
}

export function isIdentity({ x, y, z }: EdwardsPoint): boolean {
  return canonical(x) === 0n && canonical(y - z) === 0n;
}

/**
 * Decodes 32 bytes as Go's crypto/ed25519 does: y modulo p (so y >= p is accepted) and x = 0 with the sign bit set is
 * accepted. Undefined when the length is wrong or there is no such point.
 */
export function decodePointLax(bytes: Uint8Array): EdwardsPoint | undefined {
  if (bytes.length !== 32) return undefined;
  const encoded = bytesToBigintLe(bytes);
  const y = canonical(encoded & MASK_255);
  const yy = fold(y * y);
  const root = squareRootOfRatio(yy - 1n, fold(D * yy) + 1n);
  if (root === undefined) return undefined;
  const x = (root & 1n) === encoded >> 255n ? root : -root;
  return { x, y, z: 1n, t: fold(x * y) };
}

/** The one canonical encoding: y, and the lowest bit of x on top. */
export function encodePoint(point: EdwardsPoint): Uint8Array {
  const inverse = invert(point.z);
  const x = canonical(point.x * inverse);
  const y = canonical(point.y * inverse);
  return bigintToBytesLe(y | ((x & 1n) << 255n), 32);
}

const WINDOW_BITS = 5;

/** Width-5 non-adjacent form, least significant digit first: odd digits in [-15, 15] with at least four zeros between. */
function nonAdjacentForm(scalar: bigint): number[] {
  const digits: number[] = [];
  let rest = scalar;
  while (rest > 0n) {
    let digit = 0;
    if ((rest & 1n) === 1n) {
      digit = Number(rest & 31n);
      if (digit >= 16) digit -= 32;
      rest -= BigInt(digit);
    }
    digits.push(digit);
    rest >>= 1n;
  }
  return digits;
}

/** scalar * point for any scalar >= 0 (not reduced: the point may have a torsion part). Time depends on the scalar. */
export function multiplyPoint(point: EdwardsPoint, scalar: bigint): EdwardsPoint {
  const twice = addendOf(double(point));
  const odd: AddendPoint[] = []; // point, 3 point, 5 point, ..., 15 point
  let multiple = point;
  for (let i = 0; i < 1 << (WINDOW_BITS - 2); i += 1) {
    odd.push(addendOf(multiple));
    multiple = addAddend(multiple, twice);
  }
  let sum = IDENTITY;
  for (const digit of nonAdjacentForm(scalar).reverse()) {
    sum = double(sum);
    const addend = odd[(Math.abs(digit) - 1) >> 1];
    if (digit !== 0 && addend !== undefined) sum = addAddend(sum, digit > 0 ? addend : negateAddend(addend));
  }
  return sum;
}

let baseTable: AddendPoint[][] | undefined;

/** 64 rows of the multiples 1 to 8 of 16^row * base: 512 points, about 3 ms once. */
function baseMultiples(): AddendPoint[][] {
  if (baseTable !== undefined) return baseTable;
  const rows: AddendPoint[][] = [];
  let start: EdwardsPoint = { ...BASE, z: 1n, t: canonical(BASE.x * BASE.y) };
  for (let row = 0; row < 64; row += 1) {
    const multiples: AddendPoint[] = [];
    const step = addendOf(start);
    let multiple = start;
    for (let i = 0; i < 8; i += 1) {
      multiples.push(addendOf(multiple));
      if (i < 7) multiple = addAddend(multiple, step);
    }
    rows.push(multiples);
    start = double(multiple); // twice 8 * 16^row * base
  }
  baseTable = rows;
  return rows;
}

/** scalar * base point, 0 <= scalar; reduced modulo the group order first. Time depends on the scalar. */
export function multiplyBase(scalar: bigint): EdwardsPoint {
  const rows = baseMultiples();
  let rest = scalar % GROUP_ORDER;
  let sum = IDENTITY;
  for (const multiples of rows) {
    let digit = Number(rest & 15n);
    rest >>= 4n;
    if (digit > 8) {
      digit -= 16;
      rest += 1n;
    }
    const addend = multiples[Math.abs(digit) - 1];
    if (addend !== undefined) sum = addAddend(sum, digit > 0 ? addend : negateAddend(addend));
  }
  return sum; // the group order has 253 bits: the last of 64 digits is at most 2, nothing is carried out of it
}
