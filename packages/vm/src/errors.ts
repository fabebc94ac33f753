// The ways in which a program can fail, by the names of spec/bytom.md section 14.8. While a program runs they are plain
// values: nothing in the machine throws. Consensus depends only on success and on the gas left; the kind is for people.

/** Every kind of failure, with a sentence that says what happened. */
export const VM_ERRORS = {
  ErrAltStackUnderflow: "the program took an item from an empty alternative stack",
  ErrBadValue: "an operand is outside the range that the instruction accepts",
  ErrContext: "the instruction asks for something that this kind of entry does not have",
  ErrDataStackUnderflow: "the program took more items than the stack holds",
  ErrDisallowedOpcode: "the opcode is reserved for a later transaction version",
  ErrDivZero: "division by zero",
  ErrFalseVMResult: "the program ended with false on top of the stack, or with an empty stack",
  ErrRange: "the result does not fit a signed 64-bit integer",
  ErrReturn: "the program ran into FAIL",
  ErrRunLimitExceeded: "the program needs more gas than it was given",
  ErrShortProgram: "the program ends in the middle of an instruction",
  ErrToken: "the assembler does not know this token",
  ErrUnsupportedVM: "the VM version is not 1",
  ErrVerifyFailed: "a VERIFY instruction met false",
} as const;

/** A kind of failure. `ErrToken` comes from the assembler alone. */
export type VmErrorCode = keyof typeof VM_ERRORS;
