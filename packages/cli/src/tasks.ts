// A list of steps with elapsed time while they run: rewritten in place on a terminal, one line a change elsewhere.

import type { Output } from "./output.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 120;

export type Task = { note(text: string): void };

export type TaskRunner = {
  /** Runs one step; the name is shown with the time it took, and what it noted last. */
  run<T>(name: string, step: (task: Task) => Promise<T>): Promise<T>;
};

function seconds(fromMs: number): string {
  return `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
}

export function createTaskRunner(output: Output): TaskRunner {
  const live = process.stderr.isTTY === true && !output.json;
  const colour = live && process.env.NO_COLOR === undefined;
  const green = colour ? "\u001b[32m✔\u001b[0m" : "✔";
  const red = colour ? "\u001b[31m✖\u001b[0m" : "✖";

  return {
    run: async (name, step) => {
      const from = performance.now();
      let note = "";
      let frame = 0;
      const draw = (): void => {
        frame = (frame + 1) % FRAMES.length;
        const line = `${FRAMES[frame]} ${name}${note === "" ? "" : `: ${note}`}  ${seconds(from)}`;
        process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 100) - 1)}`);
      };
      const timer = live ? setInterval(draw, FRAME_MS) : undefined;
      const finish = (mark: string): void => {
        clearInterval(timer);
        if (live) process.stderr.write("\r\u001b[2K");
        output.progress(`${mark} ${name}${note === "" ? "" : `: ${note}`}  ${seconds(from)}`);
      };
      try {
        const value = await step({
          note: (text) => {
            note = text;
          },
        });
        finish(green);
        return value;
      } catch (error) {
        finish(red);
        throw error;
      }
    },
  };
}
