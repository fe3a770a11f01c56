const MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };
const PART = /(\d+(?:\.\d+)?)(ms|us|µs|ns|h|m|s)/gy;

/** Milliseconds of a duration as Go writes it, for example `1m30s`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  let milliseconds = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    milliseconds += Number(match[1]) * (MS[match[2] ?? ''] ?? 0);
    end = match.index + match[0].length;
  }
  return end === text.length && end > 0 ? milliseconds : undefined;
}
