import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KeyLocks } from './key-locks.ts';

it('runs tasks of one key one after the other, whatever comes of them, and those of other keys meanwhile', async () => {
  const locks = new KeyLocks();
  const order: string[] = [];
  const task = (name: string) => async () => {
    order.push(`${name} begins`);
    await delay(20);
    order.push(`${name} ends`);
    if (name === 'first') throw new Error(name);
  };

  const first = locks.run('a', task('first'));
  const second = locks.run('a', task('second'));
  const third = locks.run('a', task('third'));
  const other = locks.run('b', async () => void order.push('other'));

  await expect(first).rejects.toThrow('first');
  await Promise.all([second, third, other]);
  expect(order).toEqual(['first begins', 'other', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends']);
});

it('does not wait where that is not wanted', async () => {
  const locks = new KeyLocks();
  const first = locks.run('a', () => delay(20, 'done'));

  expect(locks.tryRun('a', async () => 'too early')).toBeUndefined();
  expect(await first).toBe('done');
  expect(await locks.tryRun('a', async () => 'in time')).toBe('in time');
});
