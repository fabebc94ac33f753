// What a fixture platform answers when it refuses.

/** An error that a world's answer throws to be sent as it stands. */
export class FixtureProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly texts: { title: string; detail: string; next: string };

  constructor(status: number, code: string, texts: { title: string; detail: string; next: string }) {
    super(code);
    this.status = status;
    this.code = code;
    this.texts = texts;
  }
}
