import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { limiter, mapConcurrently } from './concurrent.ts';

it('gives the results in the order of the items, whichever ends first', async () => {
  const results = await mapConcurrently([30, 1, 15], 3, async (ms, index) => {
    await sleep(ms);
    return `${index}:${ms}`;
  });
  expect(results).toEqual(['0:30', '1:1', '2:15']);
});

it.each([1, 2, 5])('runs no more than %i at a time, and as many', async (limit) => {
  let running = 0;
  let most = 0;
  await mapConcurrently(Array.from({ length: 12 }), limit, async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(2);
    running -= 1;
  });
  expect(most).toBe(limit);
});

it.each([0, -1])('does all the work with a limit of %i too', async (limit) => {
  expect(await mapConcurrently([1, 2], limit, async (n) => n * 2)).toEqual([2, 4]);
});

it('does nothing for no items', async () => {
  expect(await mapConcurrently([], 3, async () => expect.unreachable())).toEqual([]);
});

it('begins nothing after the first failure, and throws that one when what ran has ended', async () => {
  const begun: number[] = [];
  const ended: number[] = [];
  const work = mapConcurrently([1, 2, 3, 4, 5], 2, async (n) => {
    begun.push(n);
    await sleep(n === 1 ? 5 : 20);
    ended.push(n);
    throw new Error(`failure of ${n}`);
  });
  await expect(work).rejects.toThrowError('failure of 1');
  expect(begun).toEqual([1, 2]);
  expect(ended).toEqual([1, 2]);
});

it('does not take a thrown undefined for success', async () => {
  await expect(mapConcurrently([1], 1, () => Promise.reject(undefined))).rejects.toBeUndefined();
});

it('lets so many tasks run at a time, the others in their order, whatever becomes of those before', async () => {
  const limit = limiter(2);
  const begun: number[] = [];
  let now = 0;
  let most = 0;
  const task = (n: number) =>
    limit(async () => {
      begun.push(n);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      if (n === 1) throw new Error('failed');
      return n;
    });

  const results = await Promise.allSettled([0, 1, 2, 3, 4].map(task));

  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect([begun, most]).toEqual([[0, 1, 2, 3, 4], 2]);
});
