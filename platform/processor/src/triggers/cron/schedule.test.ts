import { describe, expect, it } from 'vitest';
import { everyMs, parseSchedule } from './schedule.ts';

/** A Saturday. */
const FROM = '2026-01-31T10:20:30.500Z';

function ticks(text: string, count: number, { from = FROM, timeZone = 'UTC' } = {}): string[] {
  const schedule = parseSchedule(text, { timeZone, beginning: Date.parse(from) });
  const found: string[] = [];
  let moment = Date.parse(from);
  for (let index = 0; index < count; index += 1) {
    moment = schedule.next(moment) ?? Number.NaN;
    found.push(
      new Date(moment)
        .toISOString()
        .replace(/T/, ' ')
        .replace(/\.000Z$/, ''),
    );
  }
  return found;
}

describe('parseSchedule', () => {
  it.each([
    ['* * * * *', ['2026-01-31 10:21:00', '2026-01-31 10:22:00']],
    ['*/15 * * * *', ['2026-01-31 10:30:00', '2026-01-31 10:45:00']],
    ['5/20 * * * *', ['2026-01-31 10:25:00', '2026-01-31 10:45:00', '2026-01-31 11:05:00']],
    ['0 9-17/4 * * *', ['2026-01-31 13:00:00', '2026-01-31 17:00:00', '2026-02-01 09:00:00']],
    ['*/10 * * * * *', ['2026-01-31 10:20:40', '2026-01-31 10:20:50']],
    ['0 30 12 * * ?', ['2026-01-31 12:30:00', '2026-02-01 12:30:00']],
    ['0 0 ? * MON-FRI', ['2026-02-02 00:00:00', '2026-02-03 00:00:00']],
    ['0 0 1,15 * wed', ['2026-02-01 00:00:00', '2026-02-04 00:00:00', '2026-02-11 00:00:00', '2026-02-15 00:00:00']],
    ['0 0 31 * *', ['2026-03-31 00:00:00', '2026-05-31 00:00:00']],
    ['0 0 29 feb *', ['2028-02-29 00:00:00', '2032-02-29 00:00:00']],
    ['@yearly', ['2027-01-01 00:00:00']],
    ['@annually', ['2027-01-01 00:00:00']],
    ['@monthly', ['2026-02-01 00:00:00']],
    ['@weekly', ['2026-02-01 00:00:00', '2026-02-08 00:00:00']],
    ['@daily', ['2026-02-01 00:00:00']],
    ['@midnight', ['2026-02-01 00:00:00']],
    ['@hourly', ['2026-01-31 11:00:00']],
    ['@every 1m30s', ['2026-01-31 10:22:00.500Z', '2026-01-31 10:23:30.500Z']],
    ['@every 1500ms', ['2026-01-31 10:20:31.500Z', '2026-01-31 10:20:32.500Z']],
    ['@every 1ms', ['2026-01-31 10:20:31.500Z']],
    ['TZ=Asia/Tokyo 0 6 * * *', ['2026-01-31 21:00:00']],
    ['CRON_TZ=America/New_York 0 6 * * *', ['2026-01-31 11:00:00']],
  ])('reads "%s" as robfig/cron does', (text, expected) => {
    expect(ticks(text, expected.length)).toEqual(expected);
  });

  it('follows the clocks of a time zone when they change', () => {
    const before = '2026-03-28T00:00:00Z';

    expect(ticks('0 8 * * *', 2, { from: before, timeZone: 'Europe/Zurich' })).toEqual(['2026-03-28 07:00:00', '2026-03-29 06:00:00']);
  });

  it.each(['', '* * * *', '* * * * * * *', '61 * * * *', 'a b c d e', '@sometimes', '@every', '@every soon', '*/0 * * * *', '5-1 * * * *'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSchedule(text, { timeZone: 'UTC', beginning: 0 })).toThrow();
    },
  );

  it.each([
    ['*/10 * * * *', '2026-01-31T10:20:00.000Z', '2026-01-31T10:20:00.000Z'],
    ['*/10 * * * *', '2026-01-31T10:29:59.999Z', '2026-01-31T10:20:00.000Z'],
    ['* * * * * *', '2026-01-31T10:29:59.000Z', '2026-01-31T10:29:59.000Z'],
    ['* * * * * *', '2026-01-31T10:29:59.900Z', '2026-01-31T10:29:59.000Z'],
  ])('knows the latest tick of "%s" until %s', (text, until, latest) => {
    const schedule = parseSchedule(text, { timeZone: 'UTC', beginning: 0 });

    expect(new Date(schedule.latest(Date.parse(until)) ?? 0).toISOString()).toBe(latest);
  });
});

describe('everyMs', () => {
  it('keeps to its beginning', () => {
    const schedule = everyMs(100, 1000);

    expect([900, 1000, 1050, 1100, 1199].map((moment) => schedule.next(moment))).toEqual([1100, 1100, 1100, 1200, 1200]);
    expect([1000, 1099, 1100, 1250].map((moment) => schedule.latest(moment))).toEqual([undefined, undefined, 1100, 1200]);
  });
});
