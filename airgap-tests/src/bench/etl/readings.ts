import { randomOf } from './random.ts';

const START_MS = Date.UTC(2026, 2, 1);
const DEVICES = 500;
/** One in so many lines has an escape, lacks its value, or is cut off. */
const ODD = 300;

/** Bodies of about the given size: the readings of pumps as lines of JSON, a thousand a second, the same for the same seed. */
export function makeBodies(bodies: number, bytes: number, seed = 1): Buffer[] {
  const random = randomOf(seed);
  let number = 0;
  return Array.from({ length: bodies }, () => {
    const lines: string[] = [];
    for (let size = 0; size < bytes; size += lines.at(-1)?.length ?? 0) {
      lines.push(`${lineOf(number, random)}\n`);
      number += 1;
    }
    return Buffer.from(lines.join(''));
  });
}

function lineOf(number: number, random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  const reading = {
    id: `r-${number.toString(16).padStart(8, '0')}`,
    ts: START_MS + number + below(2000),
    device: `pump-${String(below(DEVICES)).padStart(4, '0')}`,
    site: ['Köln', 'Graz', 'Basel', 'Lyon'][below(4)],
    kind: 'pressure',
    value: below(10_000) / 100,
    unit: 'bar',
    status: random() < 0.98 ? 'ok' : 'degraded',
    position: { lat: (470_000 + below(50_000)) / 10_000, lon: (60_000 + below(80_000)) / 10_000 },
    tags: [`line-${below(9)}`, 'shift-b'],
  };
  switch (below(ODD)) {
    case 0:
      return JSON.stringify({ ...reading, note: 'valve "7b" was opened' });
    case 1:
      return JSON.stringify({ ...reading, value: undefined });
    case 2:
      return JSON.stringify(reading).slice(0, 40 + below(100));
    default:
      return JSON.stringify(reading);
  }
}
