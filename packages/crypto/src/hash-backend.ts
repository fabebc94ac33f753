// What a platform has to bring so that `hash.ts` works there. Node brings its own (`hash-node.ts`), everything else computes
// in JavaScript (`hash-pure.ts`); `imports` in package.json chooses. Both answer plain Uint8Arrays that are the caller's own.

export type HashBackend = {
  sha3_256(data: Uint8Array): Uint8Array;
  sha3_256Parts(...parts: readonly Uint8Array[]): Uint8Array;
  sha256(data: Uint8Array): Uint8Array;
  sha512(data: Uint8Array): Uint8Array;
  sha512Parts(...parts: readonly Uint8Array[]): Uint8Array;
  ripemd160(data: Uint8Array): Uint8Array;
  shake128(data: Uint8Array, length: number): Uint8Array;
  hmacSha512(key: Uint8Array, ...message: readonly Uint8Array[]): Uint8Array;
};
