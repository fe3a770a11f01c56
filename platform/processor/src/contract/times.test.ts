import { beforeAll, describe, expect, it } from 'vitest';
import { languages, runLanguage } from './languages.ts';
import { send } from './row.ts';

const TIMEOUT_MS = 1000;

describe.each(languages)('a function in $name', (language) => {
  let url = '';

  beforeAll(async () => {
    const running = await runLanguage(language, {
      eventTimeout: `${TIMEOUT_MS}ms`,
      trigger: { numWorkers: 1, workerAvailabilityTimeoutMilliseconds: 100 },
    });
    ({ url } = running);
    return running.end;
  });

  it('that takes too long is answered with 408 soon after its time, and a new worker serves the next event', async () => {
    const since = performance.now();

    const late = await send(url, { path: '/slow' });

    const took = performance.now() - since;
    expect(late).toMatchObject({ status: 408, headers: { 'content-type': 'application/json' } });
    expect(late.body.toString()).toBe('{"error":"handler timed out"}');
    expect(took).toBeGreaterThanOrEqual(TIMEOUT_MS);
    expect(took).toBeLessThan(2 * TIMEOUT_MS);
    // The new worker takes its time to start; events wait for it as for any worker.
    await expect.poll(() => send(url, { path: '/text' }).then(({ status }) => status), { timeout: 5000 }).toBe(200);
  });

  it('whose worker is taken for longer than events wait is answered with 503, and the event before it as ever', async () => {
    const first = send(url, { path: '/pause' });
    await new Promise((resolve) => setTimeout(resolve, 50));

    const second = await send(url, { path: '/text' });

    expect({ status: second.status, body: second.body.toString() }).toEqual({ status: 503, body: '{"error":"No available workers"}' });
    expect(await first).toMatchObject({ status: 200, body: Buffer.from('rested') });
  });
});
