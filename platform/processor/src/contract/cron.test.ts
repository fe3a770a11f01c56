import { beforeAll, describe, expect, it } from 'vitest';
import { languages, runLanguage } from './languages.ts';
import { send } from './row.ts';

const WORKERS = { numWorkers: 1, workerAllocatorName: 'shared' };

describe.each(languages)('a function in $name, with a cron trigger', (language) => {
  let url = '';

  beforeAll(async () => {
    const event = { method: 'PUT', path: '/tick', body: 'the body', headers: { 'x-kind': 'tick', 'x-number': 7 } };
    const running = await runLanguage(language, {
      triggers: {
        web: { kind: 'http', url: '127.0.0.1:0', ...WORKERS },
        clock: { kind: 'cron', ...WORKERS, attributes: { interval: '200ms', event } },
      },
    });
    ({ url } = running);
    return running.end;
  });

  it('gets the event of its attributes at each tick', async () => {
    const ticks = async () => (await send(url, { path: '/ticks' })).body.toString();
    const count = (text: string) => (language.family === 'shell' ? text.split('\n').length - 1 : JSON.parse(text).length);
    await expect.poll(async () => count(await ticks()), { timeout: 5000 }).toBeGreaterThanOrEqual(3);

    const text = await ticks();

    if (language.family === 'shell') expect(text).toMatch(/^(PUT \/tick the body\n){3,}$/);
    else {
      const [first, second] = JSON.parse(text);
      expect(first).toMatchObject({
        method: 'PUT',
        path: '/tick',
        body: 'the body',
        headers: { 'X-Kind': 'tick', 'X-Number': '7' },
        trigger: { kind: 'cron', name: 'clock' },
      });
      // The time of an event is that of its tick, not when it was begun.
      expect((second.timestamp - first.timestamp) % 200).toBe(0);
    }
  });
});
