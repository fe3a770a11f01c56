import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ThreadWorker } from '../../engine/thread-worker.ts';
import { WorkerRun } from '../../testing/worker-run.ts';

async function runThread(code: string, concurrency = 1): Promise<WorkerRun<ThreadWorker>> {
  const folder = await mkdtemp(join(tmpdir(), 'javascript-'));
  await writeFile(join(folder, 'main.js'), code);
  const run = new WorkerRun((options, listener) => new ThreadWorker(options, listener), folder, { handler: 'main:handler', concurrency });
  onTestFinished(async () => {
    await run.worker.kill();
    await rm(folder, { recursive: true });
  });
  await run.worker.start();
  return run;
}

it('runs callbacks of the function when it is drained and terminated, after what is in hand', async () => {
  const run = await runThread(
    `const seen = [];
    exports.initContext = ({ platform }) => {
      platform.setDrainCallback(async () => seen.push('drain'));
      platform.setTerminationCallback(() => seen.push('terminate'));
    };
    exports.handler = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push('event');
      return seen.join(' ');
    };`,
    5,
  );
  const first = run.queue();
  run.worker.flush();

  await run.worker.control('drain');
  await run.worker.control('resume');
  await run.worker.control('terminate');

  expect(String((await first).body)).toBe('event');
  expect((await run.call()).body).toBe('event drain terminate event');
});

it('goes on where a callback of the function throws', async () => {
  const run = await runThread(`exports.initContext = ({ platform }) => platform.setDrainCallback(() => { throw new Error('no'); });
    exports.handler = () => 'ok';`);

  await run.worker.control('drain');

  expect((await run.call()).body).toBe('ok');
});

it('acknowledges messages, also while the worker waits for events', async () => {
  const run = await runThread(`exports.handler = ({ platform }, { shardID, offset }) => {
    platform.explicitAck({ topic: 'orders', partition: shardID, offset });
    setTimeout(() => platform.explicitAck({ topic: 'orders', partition: 0, offset: 'text' }), 20);
    return '';
  };`);

  await run.call({ trigger: 1, attributes: { topic: 'orders', shardId: 4, offset: 9 } });

  await vi.waitFor(() =>
    expect(run.acks).toEqual([
      { topic: 'orders', partition: 4, offset: 9 },
      { topic: 'orders', partition: 0, offset: 'text' },
    ]),
  );
});

it('calls another function, and gives its answer whatever its status', async () => {
  const other = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const body = Buffer.concat(await request.toArray()).toString();
    const seen = [method, url, headers['content-type'], headers['x-nuclio-target'], headers['x-more'], body].join(' ');
    response.writeHead(url === '/bad' ? 503 : 200, { 'x-from': 'other' }).end(seen);
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => {
    other.closeAllConnections();
    other.close();
  });
  // Names of services are not known here.
  const run = await runThread(`const { fetch } = globalThis;
    globalThis.fetch = (url, init) => fetch('http://127.0.0.1:${(other.address() as AddressInfo).port}' + new URL(url).pathname, init);
    exports.handler = async ({ platform }, event) => {
      const requests = [
        platform.callFunction('other'),
        platform.callFunction('other', { path: '/json', body: { a: 1 }, headers: { 'x-more': 'more' } }),
        platform.callFunction('other', { path: '/bad', method: 'PUT', body: 'text', contentType: 'text/csv' }),
      ];
      return (await Promise.all(requests)).map(({ statusCode, headers, body }) => statusCode + ' ' + headers['x-from'] + ' ' + body);
    };`);

  const { body } = await run.call();

  expect(JSON.parse(body)).toEqual([
    '200 other GET /  other  ',
    '200 other POST /json application/json other more {"a":1}',
    '503 other PUT /bad text/csv other  text',
  ]);
});
