import { describe, expect, it } from 'vitest';
import { fitHost } from '../host/testing/fit-host.ts';
import { checks, runPreflight } from './index.ts';
import { inputFor } from './testing.ts';

describe('the list of checks', () => {
  it('has more than 45, each with its own id', () => {
    expect(checks.length).toBeGreaterThan(45);
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length);
  });

  it('passes as a whole on a host that has everything, and leaves nothing behind', async () => {
    const host = await fitHost();
    const results = await runPreflight(inputFor(host));
    expect(results.filter(({ status, id }) => status !== 'pass' && !id.startsWith('disk.'))).toEqual([]);
    expect(results.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
    expect(await host.list('/var/lib')).toEqual([]);
  });

  it('says what to do wherever a check does not pass', async () => {
    const host = await fitHost({}, { userId: () => 1000, addresses: () => [], now: () => new Date(0) });
    for (const { status, fix } of await runPreflight(inputFor(host))) if (status !== 'pass') expect(fix).toMatch(/\S/);
  });

  it('turns a thrown error into a failure of that check alone', async () => {
    const broken = { id: 'a', title: 'a', run: () => Promise.reject(new Error('no disk')) };
    const whole = { id: 'b', title: 'b', run: () => ({ status: 'pass', detail: 'fine' }) as const };
    const results = await runPreflight(inputFor(await fitHost()), [broken, whole]);
    expect(results).toMatchObject([
      { id: 'a', status: 'fail', detail: expect.stringContaining('no disk') },
      { id: 'b', status: 'pass' },
    ]);
  });
});
