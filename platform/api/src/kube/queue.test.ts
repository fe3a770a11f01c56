import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WorkQueue } from './queue.ts';

describe('a work queue', () => {
  it('holds a key once, however often it is added', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(queue.length).toBe(2);
    expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
  });

  it('does not give out a key that is worked on, but gives it again after', async () => {
    const queue = new WorkQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(0);
    queue.done('a');
    expect(await queue.take()).toBe('a');
    queue.done('a');
    expect(queue.length).toBe(0);
  });

  it('gives a key to whoever waits for one', async () => {
    const queue = new WorkQueue();
    const taken = queue.take();
    queue.add('a');
    expect(await taken).toBe('a');
  });

  it('waits twice as long after each failure in a row, up to a limit, and starts over after a success', () => {
    const queue = new WorkQueue({ firstMs: 10, lastMs: 50 });
    expect([1, 2, 3, 4].map(() => queue.addFailed('a'))).toEqual([10, 20, 40, 50]);
    queue.forget('a');
    expect(queue.addFailed('a')).toBe(10);
    queue.close();
  });

  it('of several delays for one key keeps the shortest', async () => {
    const queue = new WorkQueue();
    queue.addAfter('a', 5000);
    queue.addAfter('a', 10);
    queue.addAfter('a', 7000);
    await delay(40);
    expect(await queue.take()).toBe('a');
    queue.close();
  });

  it('lets go of those who wait when it is closed', async () => {
    const queue = new WorkQueue();
    const taken = queue.take();
    queue.close();
    expect(await taken).toBeUndefined();
  });
});
