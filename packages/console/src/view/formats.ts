// How numbers, times and hashes are written in the console. Pure: the present moment comes in as an argument.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1 << 20;
const GIB = 1 << 30;
/** Signs at each end of a short hash: enough to tell two apart by eye. */
const HASH_SIGNS = 6;

/** How long something lasts: `0.5 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`. */
export function formatDuration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 10 * SECOND) return `${(value / SECOND).toFixed(1)} s`;
  if (value < MINUTE) return `${Math.round(value / SECOND)} s`;
  const [big, bigUnit, small, smallUnit] =
    value < HOUR
      ? [Math.floor(value / MINUTE), "min", Math.floor((value % MINUTE) / SECOND), "s"]
      : value < DAY
        ? [Math.floor(value / HOUR), "h", Math.floor((value % HOUR) / MINUTE), "min"]
        : [Math.floor(value / DAY), "d", Math.floor((value % DAY) / HOUR), "h"];
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** How long ago: whole seconds, so that it does not flicker. */
export function formatAge(sinceMs: number, nowMs: number): string {
  const age = nowMs - sinceMs;
  if (age < 2 * SECOND) return "just now";
  return `${age < 10 * SECOND ? `${Math.floor(age / SECOND)} s` : formatDuration(age)} ago`;
}

/** An interval between blocks: two decimals below ten seconds. */
export function formatInterval(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 10 * SECOND ? `${(ms / SECOND).toFixed(2)} s` : formatDuration(ms);
}

/** A count with thin spaces between thousands; a dash when it is not known. */
export function formatCount(value: number | bigint | null): string {
  if (value === null) return "–";
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** Memory and disk. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return "–";
  if (bytes >= GIB) return `${(bytes / GIB).toFixed(1)} GiB`;
  return bytes >= MIB ? `${Math.round(bytes / MIB)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}

/** `a1b2c3…d4e5f6`; short texts stay as they are. */
export function shortHash(hash: string): string {
  return hash.length <= 2 * HASH_SIGNS + 3 ? hash : `${hash.slice(0, HASH_SIGNS)}…${hash.slice(-HASH_SIGNS)}`;
}

/** An amount of an asset from its smallest units, exact: `1234567`, 2 → `12 345.67`. */
export function formatAmount(units: bigint, decimals: number): string {
  const sign = units < 0n ? "−" : "";
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, "0");
  const whole = formatCount(BigInt(digits.slice(0, digits.length - decimals)));
  return decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-decimals)}`;
}

/** `n thing` or `n things`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Names in a sentence: `a`, `a and b`, `a, b and 3 more`. */
export function listed(names: readonly string[], most = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= most) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} more`;
}

/** Local time of day to the second: `14:03:09`. */
export function formatClock(atMs: number): string {
  return formatTime(atMs).slice(-8);
}

/** Local date and time to the second, the same everywhere: `2026-11-22 14:03:09`. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
