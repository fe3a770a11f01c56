import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CallbackPlaces } from './callback-places.ts';

const LATE_MS = 20;

async function isThere(place: Promise<unknown>): Promise<boolean> {
  return Promise.race([place.then(() => true), turn().then(() => false)]);
}

/** Callbacks of as many functions as there are places, all of which are late. */
async function withLateOnes({ late }: { late: number }) {
  const places = new CallbackPlaces({ soon: 2, late, lateMs: LATE_MS });
  const releases = await Promise.all(['a', 'b'].map((name) => places.take(name)));
  await delay(2 * LATE_MS);
  return { places, releases };
}

it('a callback that is late makes its place free for others', async () => {
  const { places } = await withLateOnes({ late: 2 });

  for (const name of ['c', 'd']) expect(await isThere(places.take(name))).toBe(true);
  expect(await isThere(places.take('e'))).toBe(false);
});

it('a function whose callback was late has its next ones among the late ones, until one is answered soon', async () => {
  const { places, releases } = await withLateOnes({ late: 2 });
  const next = places.take('a');
  expect(await isThere(next)).toBe(false);

  for (const release of releases) release();
  expect(await isThere(next)).toBe(true);
  (await next)();

  const [first, second] = [places.take('a'), places.take('a')];
  expect([await isThere(first), await isThere(second), await isThere(places.take('c'))]).toEqual([true, true, false]);
});

it('late ones are bounded too, and one that ends while it waits to be moved leaves both places free', async () => {
  const { places, releases } = await withLateOnes({ late: 1 });
  const [third, fourth] = [places.take('c'), places.take('d')];
  expect([await isThere(third), await isThere(fourth)]).toEqual([true, false]);

  for (const release of releases) release();
  expect(await isThere(fourth)).toBe(true);
  (await third)();
  (await fourth)();

  for (const name of ['a', 'c', 'd']) expect(await isThere(places.take(name))).toBe(true);
});
