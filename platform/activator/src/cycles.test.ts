import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
import { startActivator } from './start.ts';
import { Kubelet } from './testing/kubelet.ts';
import { ServiceRules } from './testing/service.ts';

const REPOSITORY = join(import.meta.dirname, '../../..');
const FUNCTION = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f';
const SERVICE = '/api/v1/namespaces/nuclio/services/nuclio-f';
const PLATFORM = '/api/v1/namespaces/nuclio/configmaps/nuclio-platform-config';
const CYCLES = 5;
const REQUESTS_PER_CYCLE = 60;
const WINDOW_MS = 200;

const CODE = `exports.handler = async (context, event) => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return 'echo ' + event.body.toString();
};`;

it('loses no request while a function falls asleep and wakes up again and again', { timeout: 120_000 }, async () => {
  const api = new FakeApi();
  const client = await api.start();
  onTestFinished(() => {
    client.close();
    api.stop();
  });
  const config = {
    metrics: { sinks: { pull: { kind: 'prometheusPull' } }, functions: ['pull'] },
    scaleToZero: { mode: 'enabled', scalerInterval: '50ms', scaleResources: [{ windowSize: `${WINDOW_MS}ms`, threshold: 0 }] },
  };
  api.put(PLATFORM, { data: { 'platform.yaml': JSON.stringify(config) } });
  api.put(FUNCTION, {
    spec: {
      image: 'i:1',
      runtime: 'nodejs',
      handler: 'main:handler',
      minReplicas: 0,
      maxReplicas: 1,
      triggers: { w: { kind: 'http', name: 'w', numWorkers: 4 } },
    },
    status: { state: 'waitingForResourceConfiguration' },
  });
  await startController(client.config.getCurrentCluster()?.server ?? '');
  const kubelet = new Kubelet(api, client, 'f', CODE);
  kubelet.start();
  const limits = { holdMs: 20_000, maxHeldPerFunction: 1000, maxHeld: 1000 };
  const activator = await startActivator({
    client,
    logger,
    settings: { namespace: 'nuclio', host: '127.0.0.1', port: 0, statusPort: 0, limits },
  });
  const rules = new ServiceRules(api, SERVICE, { kubelet, activatorPort: activator.port });
  onTestFinished(async () => {
    rules.stop();
    await activator.stop();
    await kubelet.stop();
  });
  await expect.poll(() => rules.port, { timeout: 20_000 }).toBeDefined();

  const coldStarts: number[] = [];
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const answers = await Promise.all(
      Array.from({ length: REQUESTS_PER_CYCLE }, async (_, i) => {
        // One burst while it sleeps, and single ones around the time at which it falls asleep.
        await delay(i < REQUESTS_PER_CYCLE / 3 ? Math.random() * 30 : 400 + Math.random() * 600);
        return call(rules.port ?? 0, `${cycle} ${i}`);
      }),
    );
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(answers.map((_, i) => `200 echo ${cycle} ${i}`));
    coldStarts.push(...answers.flatMap(({ coldStartMs }) => coldStartMs ?? []));
    await expect.poll(() => api.objects.get(FUNCTION)?.status, { timeout: 20_000 }).toMatchObject({ state: 'scaledToZero' });
  }

  expect(kubelet.started).toBeGreaterThan(CYCLES - 1);
  expect(coldStarts.length).toBeGreaterThan(CYCLES);
});

/** The controller is another program, so it runs as one. */
async function startController(server: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeconfig-'));
  const file = join(folder, 'config');
  const named = { name: 'fake' };
  const contexts = [{ ...named, context: { cluster: 'fake', user: 'fake' } }];
  const kubeconfig = {
    clusters: [{ ...named, cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ ...named, user: {} }],
    contexts,
    'current-context': 'fake',
  };
  await writeFile(file, JSON.stringify(kubeconfig));
  const env = {
    ...process.env,
    KUBECONFIG: file,
    AMPOULE_HEALTH_HOST: '127.0.0.1',
    AMPOULE_HEALTH_PORT: '0',
    AMPOULE_RUNTIME_SHELL: 's:1',
  };
  const child = spawn(join(REPOSITORY, 'node_modules/.bin/node'), [join(REPOSITORY, 'platform/controller/src/main.ts')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true });
  });
}

async function call(port: number, body: string): Promise<{ status: number; body: string; coldStartMs: number | undefined }> {
  const sent = request({ host: '127.0.0.1', port, method: 'POST', path: '/', agent: false, headers: { host: 'nuclio-f.nuclio.svc:8080' } });
  sent.end(body);
  const [response] = await once(sent, 'response');
  const coldStart = response.headers['x-ampoule-cold-start-ms'];
  return { status: response.statusCode, body: await text(response), coldStartMs: coldStart === undefined ? undefined : Number(coldStart) };
}
