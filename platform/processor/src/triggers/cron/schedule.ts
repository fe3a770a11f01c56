import { messageOf } from '@ampoule/lib/errors';
import { parseDuration } from '@ampoule/platform-api/duration';
import { Cron } from 'croner';

/** When a trigger fires; all in milliseconds since 1970. */
export interface Schedule {
  /** The first tick after a moment; undefined where there will be none. */
  next(after: number): number | undefined;
  /** The last tick until a moment; undefined where there was none. */
  latest(until: number): number | undefined;
}

const DESCRIPTORS: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const EVERY = '@every ';
const ZONE = /^(?:CRON_)?TZ=(\S+)\s+/;
const SHORTEST_EVERY_MS = 1000;
const FIELDS = { fewest: 5, most: 6 };

/** Ticks at a constant distance from a beginning. */
export function everyMs(milliseconds: number, beginning: number): Schedule {
  const ticksUntil = (moment: number) => Math.floor((moment - beginning) / milliseconds);
  return {
    next: (after) => beginning + Math.max(1, ticksUntil(after) + 1) * milliseconds,
    latest: (until) => (ticksUntil(until) < 1 ? undefined : beginning + ticksUntil(until) * milliseconds),
  };
}

/**
 * A schedule as robfig/cron writes it, which Nuclio uses: five fields, six with seconds, or a descriptor.
 * @throws Error that says what is wrong.
 */
export function parseSchedule(text: string, { timeZone, beginning }: { timeZone: string; beginning: number }): Schedule {
  const trimmed = text.trim();
  const zone = ZONE.exec(trimmed);
  const expression = zone === null ? trimmed : trimmed.slice(zone[0].length);
  if (expression.startsWith(EVERY)) return everyMs(parseEvery(expression.slice(EVERY.length).trim()), beginning);
  if (expression.startsWith('@') && DESCRIPTORS[expression] === undefined) throw new Error(`${expression} is not a descriptor`);
  const cron = parseFields(DESCRIPTORS[expression] ?? expression, zone?.[1] ?? timeZone);
  return {
    next: (after) => cron.nextRun(new Date(after))?.getTime(),
    // What this looks for is earlier than the given second, never in it.
    latest: (until) => cron.previousRuns(1, new Date(until + 1000))[0]?.getTime(),
  };
}

function parseEvery(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new Error(`${text} is not a duration such as 1m30s`);
  return Math.max(SHORTEST_EVERY_MS, Math.floor(milliseconds / SHORTEST_EVERY_MS) * SHORTEST_EVERY_MS);
}

function parseFields(expression: string, timezone: string): Cron {
  const fields = expression.split(/\s+/);
  if (fields.length < FIELDS.fewest || fields.length > FIELDS.most) {
    throw new Error(`it has ${fields.length} fields; five are minute, hour, day, month, weekday, and a sixth before them is the second`);
  }
  try {
    // To robfig/cron a question mark is a star, to croner it is the present time. Steps from a number, such as 5/15, are allowed.
    const cron = new Cron(fields.join(' ').replaceAll('?', '*'), { timezone, mode: '5-or-6-parts', sloppyRanges: true });
    cron.nextRun();
    return cron;
  } catch (error) {
    throw new Error(messageOf(error).replace(/^CronPattern: /, ''), { cause: error });
  }
}
