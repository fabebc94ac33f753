// Definitions as the editor needs them: the network's name, and where the platform's refusal points to. Pure.

/** One rule that the definition breaks. `line` counts from 1. */
export type DefinitionProblem = { readonly line: number | null; readonly path: string; readonly rule: string };

/** The name that stands in a definition; undefined while there is none that could be one. */
export function networkNameOf(text: string): string | undefined {
  return /^["']?network["']?\s*:\s*["']?([a-z][a-z0-9-]{0,30})["']?\s*(?:#.*)?,?\s*$/m.exec(text)?.[1];
}

const LOCATED = /^(?:.*?, )?line (\d+)(?:, ([^:]*))?: (.*)$/;

/** From the `why` of DEFINITION_UNREADABLE and DEFINITION_INVALID: one problem a line. */
export function problemsOf(why: string): DefinitionProblem[] {
  return why
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const found = LOCATED.exec(line);
      if (found === null) return { line: null, path: "", rule: line };
      return { line: Number(found[1]), path: found[2] ?? "", rule: found[3] ?? "" };
    });
}
