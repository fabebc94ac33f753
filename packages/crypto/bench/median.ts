// The measuring rule of these scripts: repeat, sort, take the middle.

/** The median duration of `run`, in milliseconds. */
export function medianMs(times: number, run: (index: number) => void): number {
  const samples = Array.from({ length: times }, (_, index) => {
    const from = performance.now();
    run(index);
    return performance.now() - from;
  });
  return samples.sort((a, b) => a - b)[times >> 1] ?? 0;
}
