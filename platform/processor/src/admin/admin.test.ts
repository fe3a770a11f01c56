import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { call, runProcessor } from '../testing/run-processor.ts';

const CODE = `exports.handler = (context, { path }) => { if (path === '/bad') throw new Error('bad'); return 'ok'; }`;

async function get(url: string | undefined, init?: RequestInit) {
  const { status, type, body } = await call(`${url}`, init);
  return { status, type, content: JSON.parse(body) };
}

it('shows the triggers and nothing of them that could be a password', async () => {
  const every = { kind: 'cron', name: 'every', password: 'pass', attributes: { interval: '1h', secret: 'hidden' } };
  const web = { kind: 'http', name: 'web', url: '127.0.0.1:0', numWorkers: 2, password: 'pass' };
  const { adminUrl } = await runProcessor(CODE, { triggers: { web, every } });

  const { status, type, content } = await get(`${adminUrl}/triggers`);

  expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
  expect(content).toEqual({ web: { kind: 'http', numWorkers: 2 }, every: { kind: 'cron', numWorkers: 1 } });
  expect(await get(`${adminUrl}/triggers/web`)).toMatchObject({ status: 200, content: { kind: 'http', numWorkers: 2 } });
});

it('shows what a trigger has done', async () => {
  const { url, adminUrl } = await runProcessor(CODE);
  for (const path of ['/', '/', '/bad']) await call(`${url}${path}`);

  const { content } = await get(`${adminUrl}/triggers/web/stats`);

  expect(content).toMatchObject({
    handled: { success: 2, failure: 1 },
    pending: 0,
    allocations: { immediate: 3, afterWait: 0, timeout: 0 },
    workerRestarts: 0,
    workers: [{ count: 3 }],
    streams: [],
  });
});

it('knows nothing else, and changes nothing', async () => {
  const { adminUrl } = await runProcessor(CODE);

  for (const path of ['/', '/triggers/other', '/triggers/web/other', '/triggers/%E0', '/triggers/web/stats/more']) {
    expect(await get(`${adminUrl}${path}`)).toMatchObject({ status: 404, content: { error: 'Not found' } });
  }
  expect(await get(`${adminUrl}/triggers`, { method: 'DELETE' })).toMatchObject({ status: 405 });
});

it('is left out where it is not wanted, and where another has its port, which keeps no function from its work', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  const listenAddress = `127.0.0.1:${(other.address() as AddressInfo).port}`;

  const unwanted = await runProcessor(CODE, { platform: { webAdmin: { enabled: false } } });
  const { url, adminUrl, lines } = await runProcessor(CODE, { platform: { webAdmin: { listenAddress } } });

  expect(unwanted.adminUrl).toBeUndefined();
  expect(adminUrl).toBeUndefined();
  expect(await call(url)).toMatchObject({ status: 200 });
  expect(lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      message: 'The admin port cannot be opened',
      with: { error: expect.stringContaining('EADDRINUSE') },
    }),
  );
});
