import { isUtf8 } from 'node:buffer';

export interface Aggregates {
  rows: { key: string; minute: number; count: number; sum: number; min: number; max: number }[];
  aggregated: number;
  incomplete: number;
  malformed: number;
}

const LATEST_MS = 8.64e15;

/** What the template has to make of lines, found in the plainest way. */
export function expectedOf(body: Buffer): Aggregates {
  const groups = new Map<string, Aggregates['rows'][number]>();
  const counts = { aggregated: 0, incomplete: 0, malformed: 0 };
  for (const line of linesOf(body)) {
    if (/^[ \t\r]*$/.test(line.toString())) continue;
    const event = parsed(line);
    if (event === undefined) {
      counts.malformed += 1;
      continue;
    }
    const { device, ts, value } = event;
    if (typeof device !== 'string' || typeof ts !== 'number' || Math.abs(ts) > LATEST_MS || !isFiniteNumber(value)) {
      counts.incomplete += 1;
      continue;
    }
    counts.aggregated += 1;
    const minute = Math.floor(ts / 60_000);
    // Half a surrogate pair has no form in UTF-8.
    const key = device.toWellFormed();
    const group = groups.get(`${minute} ${key}`);
    if (group === undefined) groups.set(`${minute} ${key}`, { key, minute, count: 1, sum: value, min: value, max: value });
    else {
      group.count += 1;
      group.sum += value;
      group.min = Math.min(group.min, value);
      group.max = Math.max(group.max, value);
    }
  }
  return { rows: [...groups.values()], ...counts };
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function parsed(line: Buffer): Record<string, unknown> | undefined {
  if (!isUtf8(line)) return undefined;
  try {
    return Object(JSON.parse(line.toString()));
  } catch {
    return undefined;
  }
}

function linesOf(body: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at <= body.length; ) {
    const newline = body.indexOf('\n', at);
    const end = newline < 0 ? body.length : newline;
    lines.push(body.subarray(at, end));
    at = end + 1;
  }
  return lines;
}
