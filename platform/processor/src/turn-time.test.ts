import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { turnDate, turnTime } from './turn-time.ts';

it('times rise with each use, and are those of the clocks', () => {
  const times = Array.from({ length: 1000 }, turnTime);
  expect(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0))).toBe(true);
  expect(Math.abs(turnTime() - performance.now())).toBeLessThan(1000);
  expect(Math.abs(turnDate() - Date.now())).toBeLessThan(1000);
});

it('a new turn of the event loop has a new time', async () => {
  const [time, date] = [turnTime(), turnDate()];
  await delay(30);
  expect(turnTime() - time).toBeGreaterThan(25);
  expect(turnDate() - date).toBeGreaterThan(25);
});

it('a turn that takes long does not keep its time for more than a few uses', () => {
  const time = turnTime();
  const until = performance.now() + 30;
  while (performance.now() < until);
  for (let i = 0; i < 32; i += 1) turnTime();
  expect(turnTime() - time).toBeGreaterThan(25);
});
