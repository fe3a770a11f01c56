import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { expect, it, onTestFinished } from 'vitest';
import { Processors } from './processors.ts';

const LONG_MS = 60_000;

async function world() {
  const api = new FakeApi();
  const client = await api.start();
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.end(`nuclio_processor_handled_events_total ${asked.length}\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = String((server.address() as AddressInfo).port);
  const run = (name: string, status: object, metadata: object = {}, at = port) =>
    api.put(`/api/v1/namespaces/nuclio/pods/${name}`, {
      metadata: { labels: { 'nuclio.io/function-name': 'f' }, annotations: { 'nuclio.io/prometheus_pull_port': at }, ...metadata },
      status: { podIP: '127.0.0.1', ...status },
    });
  const pods = new Cache({ client, logger, namespace: 'nuclio', resource: resources.pods });
  onTestFinished(async () => {
    await pods.stop();
    client.close();
    api.stop();
    server.close();
    server.closeAllConnections();
  });
  return { asked, pods, run };
}

it('asks each processor once where several want to know', async () => {
  const { asked, pods, run } = await world();
  run('a', { phase: 'Running' });
  await pods.start();
  const processors = new Processors(pods, LONG_MS);
  const ofFunction = processors.runningPods().get('nuclio/f') ?? [];

  const [first, second] = await Promise.all([processors.ask(ofFunction), processors.ask(ofFunction)]);

  expect(asked).toEqual(['/metrics']);
  expect(first).toEqual(second);
  expect(first).toMatchObject([{ activity: { handled: 1 } }]);
  expect(await new Processors(pods).ask(ofFunction)).toMatchObject([{ activity: { handled: 2 } }]);
});

it('asks no more than 64 pods at once, and all of them', async () => {
  const { pods, run } = await world();
  let open = 0;
  let most = 0;
  const server = createServer((_request, response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      response.end('nuclio_processor_handled_events_total 1\n');
    }, 20);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  for (let i = 0; i < 150; i++) run(`p${i}`, { phase: 'Running' }, {}, String((server.address() as AddressInfo).port));
  await pods.start();
  const processors = new Processors(pods);

  const readings = await processors.ask(processors.runningPods().get('nuclio/f') ?? []);

  expect(readings).toHaveLength(150);
  expect(most).toBeLessThanOrEqual(64);
});

it('asks pods that run and are not about to end', async () => {
  const { pods, run } = await world();
  run('a', { phase: 'Running' });
  run('b', { phase: 'Pending' });
  run('c', { phase: 'Running' }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  await pods.start();

  expect([...new Processors(pods).runningPods().values()].flat().map(({ metadata }) => metadata?.name)).toEqual(['a']);
});

it('says so where a processor does not answer', async () => {
  const { pods, run } = await world();
  run('a', { phase: 'Running' }, {}, '1');
  await pods.start();
  const processors = new Processors(pods);

  expect(await processors.ask(processors.runningPods().get('nuclio/f') ?? [])).toMatchObject([{ activity: undefined }]);
});
