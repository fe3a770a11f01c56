import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Connections, type Use } from './connections.ts';

const WITHIN_MS = 100;

/** Connections that count what happens to them; each has a number. */
function counted() {
  const opened: number[] = [];
  const closed: number[] = [];
  const connections = new Connections<number>((connection) => closed.push(connection), WITHIN_MS);
  const open = async () => opened.push(opened.length + 1);
  const use = (more: Partial<Use<number>> = {}) => connections.use({ key: 'broker', open, ask: async () => 7, ...more });
  return { opened, closed, connections, use };
}

describe('connections to brokers', () => {
  it('are shared by who asks the same broker, one after the other and at once, until nobody needs them', async () => {
    const { opened, closed, connections, use } = counted();

    expect(await Promise.all([use(), use()])).toEqual([7, 7]);
    await use();
    await use({ key: 'other' });
    expect({ opened, closed }).toEqual({ opened: [1, 2], closed: [] });

    await connections.stop();
    expect(closed).toEqual([1, 2]);
  });

  it('are closed after a question that failed, but not before the other questions on them have their answers', async () => {
    const { opened, closed, use } = counted();
    const slow = use({ ask: () => sleep(30, 3) });

    await expect(use({ ask: () => Promise.reject(new Error('no right')) })).rejects.toThrow('no right');
    expect(closed).toEqual([]);
    expect(await slow).toBe(3);
    await expect.poll(() => closed).toEqual([1]);

    await use();
    expect(opened).toEqual([1, 2]);
  });

  it('are not tried again at once where there is no answer in time', async () => {
    const { opened, use } = counted();

    await expect(use({ ask: () => new Promise(() => undefined) })).rejects.toMatchObject({ code: 'AMP_TRIGGER_BACKLOG' });
    await expect(use()).rejects.toThrow('does not answer within 0.1 s');
    expect(await use({ key: 'other' })).toBe(7);
    expect(opened).toEqual([1, 2]);
  });

  it('leave a broker alone for two seconds where many wait for the same one in vain', async () => {
    const { use } = counted();
    const failing = { open: () => Promise.reject(new Error('away')) };
    await Promise.allSettled(Array.from({ length: 6 }, () => use(failing)));

    await sleep(2100);

    expect(await use()).toBe(7);
  });

  it('are no more than 500; those that nobody uses go for others', async () => {
    const { closed, use } = counted();
    const busy = Array.from({ length: 499 }, (_, i) => use({ key: `busy-${i}`, ask: () => sleep(60, i) }));
    await use({ key: 'idle' });
    expect(await use({ key: 'new' })).toBe(7);
    expect(closed).toHaveLength(1);
    const one = use({ key: 'new', ask: () => sleep(60, 1) });
    await expect(use({ key: 'beyond' })).rejects.toMatchObject({ code: 'AMP_TRIGGER_BACKLOG' });
    await Promise.all([...busy, one]);
  });

  it('are closed where they come too late', async () => {
    const { closed, use } = counted();

    await expect(use({ open: () => sleep(2 * WITHIN_MS, 9) })).rejects.toMatchObject({ code: 'AMP_TRIGGER_BACKLOG' });
    await expect.poll(() => closed).toEqual([9]);
  });
});
