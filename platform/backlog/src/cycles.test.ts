import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
import { Kubelet } from '../../activator/src/testing/kubelet.ts';
import { startBacklog } from './start.ts';
import { startController } from './testing/controller.ts';
import { jetStream, kafka, rabbitMq, type TestStream } from './testing/streams.ts';

const FUNCTION = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f';
const PLATFORM = '/api/v1/namespaces/nuclio/configmaps/nuclio-platform-config';
const CYCLES = 3;
const BURST = 20;
const SINGLE = 10;
/** Around the time at which the function falls asleep. */
const SINGLE_WITHIN_MS = 2000;
const ASLEEP_WITHIN_MS = 30_000;

interface Status {
  state?: string;
  scaleToZero?: { lastScaleEvent?: string };
}

/** The state that a function with this stream has now, and the messages that its handler got. */
async function startFunction({ trigger }: TestStream) {
  const folder = await mkdtemp(join(tmpdir(), 'handled-'));
  const file = join(folder, 'messages');
  await writeFile(file, '');
  const code = `exports.handler = async (context, event) => require('node:fs').appendFileSync(${JSON.stringify(file)}, event.body.toString() + '\\n');`;
  const api = new FakeApi();
  const client = await api.start();
  const config = {
    metrics: { sinks: { pull: { kind: 'prometheusPull' } }, functions: ['pull'] },
    scaleToZero: { mode: 'enabled', scalerInterval: '50ms', scaleResources: [{ windowSize: '300ms', threshold: 0 }] },
  };
  api.put(PLATFORM, { data: { 'platform.yaml': JSON.stringify(config) } });
  api.put(FUNCTION, {
    spec: {
      image: 'i:1',
      runtime: 'nodejs',
      handler: 'main:handler',
      minReplicas: 0,
      maxReplicas: 1,
      triggers: { s: trigger, w: { kind: 'http', name: 'w' } },
    },
    status: { state: 'waitingForResourceConfiguration' },
  });
  const settings = { namespace: 'nuclio', host: '127.0.0.1', port: 0, statusPort: 0 };
  const backlog = await startBacklog({ client, settings, logger, intervalMs: 100 });
  const stopController = await startController(client.config.getCurrentCluster()?.server ?? '', backlog.port);
  const kubelet = new Kubelet(api, client, 'f', code);
  kubelet.start();
  onTestFinished(async () => {
    await stopController();
    await kubelet.stop();
    await backlog.stop();
    client.close();
    api.stop();
    await rm(folder, { recursive: true });
  });
  return {
    kubelet,
    status: () => api.objects.get(FUNCTION)?.status as Status | undefined,
    handled: async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1),
    metrics: async () => (await fetch(`http://127.0.0.1:${backlog.statusPort}/metrics`)).text(),
  };
}

it.each([
  ['JetStream', jetStream],
  ['Kafka', kafka],
  ['RabbitMQ', rabbitMq],
])('a function with %s falls asleep and wakes up again and again, and no message is lost', { timeout: 300_000 }, async (_, makeStream) => {
  const stream = await makeStream();
  onTestFinished(() => stream.stop());
  const { kubelet, status, handled, metrics } = await startFunction(stream);
  const sent: string[] = [];
  const send = async (text: string) => {
    sent.push(text);
    await stream.send(text);
  };
  const sleeps = () =>
    expect
      .poll(status, { timeout: ASLEEP_WITHIN_MS })
      .toMatchObject({ state: 'scaledToZero', scaleToZero: { lastScaleEvent: 'scaleToZeroCompleted' } });
  await sleeps();

  for (let cycle = 0; cycle < CYCLES; cycle++) {
    for (let i = 0; i < BURST; i++) await send(`${cycle} burst ${i}`);
    await expect.poll(async () => new Set(await handled()).size, { timeout: ASLEEP_WITHIN_MS }).toBe(sent.length);
    await Promise.all(
      Array.from({ length: SINGLE }, async (_each, i) => {
        await delay(Math.random() * SINGLE_WITHIN_MS);
        await send(`${cycle} single ${i}`);
      }),
    );
    await expect.poll(async () => new Set(await handled()).size, { timeout: ASLEEP_WITHIN_MS }).toBe(sent.length);
    await sleeps();
  }

  expect([...new Set(await handled())].sort()).toEqual(sent.sort());
  expect(kubelet.started).toBeGreaterThan(CYCLES);
  const wakes = Number(/^ampoule_backlog_wakes_total (\d+)$/m.exec(await metrics())?.[1]);
  expect(wakes).toBe(kubelet.started - 1);
  await expect.poll(metrics).toContain('ampoule_backlog_messages{function="f",trigger="s"} 0\n');
});
