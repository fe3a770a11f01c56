import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packLayer } from '@ampoule/lib/oci/layer';
import { RegistryClient } from '@ampoule/lib/oci/registry';
import { mediaTypes } from '@ampoule/lib/oci/types';
import { FakeRegistry } from '@ampoule/lib/testing/fake-registry';
import { freePort } from '@ampoule/lib/testing/free-port';
import { Cache } from '@ampoule/platform-api/kube/cache';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { selectorLabelsOf } from '@ampoule/platform-api/names';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { paths, startController, type TestController } from '../testing/controller.ts';
import { FunctionCode } from './code.ts';
import { WarmPoolKeeper } from './keeper.ts';
import { WarmPool } from './pool.ts';
import { serveWarmPool } from './server.ts';

const MAIN = join(import.meta.dirname, '../../../processor/src/main.ts');
const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');
const POD = '/api/v1/namespaces/ampoule-warm/pods/';
const DEPLOYMENT = '/apis/apps/v1/namespaces/ampoule-warm/deployments/warm-nodejs';
const RUNTIME = 'ampoule.internal/runtime-nodejs';
const FUNCTION = 'ampoule.internal/functions/nuclio/f';
const IMAGE = `${FUNCTION}:0123456789abcdef`;
const SLEEPS = { state: 'scaledToZero' };
const CODE = "exports.handler = () => ['hello from', process.env.NUCLIO_FUNCTION_NAME, process.env.MOOD].join(' ');";
const keys = generateKeyPairSync('ed25519');
const spec = {
  image: IMAGE,
  handler: 'main:handler',
  runtime: 'nodejs',
  env: [{ name: 'MOOD', value: 'glad' }],
  triggers: { w: { kind: 'http', name: 'w', numWorkers: 1, url: '127.0.0.1:0' } },
};

let world: TestController;
let registry: FakeRegistry;
let pool: WarmPool;
let keeper: WarmPoolKeeper;
let pods: Cache<object>;

beforeEach(async () => {
  world = await startController();
  registry = new FakeRegistry();
  const client = new RegistryClient({ url: await registry.start() });
  await putImages(CODE);
  const config = { warmPool: { nodejs: 3 }, healthCheck: { listenAddress: '127.0.0.1:0' }, webAdmin: { enabled: false } };
  world.api.put(paths.platformConfig, { data: { 'platform.yaml': JSON.stringify(config) } });
  world.api.put(DEPLOYMENT, { spec: { replicas: 1 } });
  const shared = { client: world.client, logger, namespace: 'ampoule-warm' };
  const warmPods = new Cache({ ...shared, resource: resources.pods });
  const deployments = new Cache({ ...shared, resource: resources.deployments });
  pods = warmPods;
  const options = {
    ...shared,
    functionNamespace: 'nuclio',
    functions: world.functions,
    projects: world.projects,
    platform: world.platform,
    pods: warmPods,
    deployments,
    code: new FunctionCode(client, { nodejs: `${RUNTIME}:1`, python: `${RUNTIME}:1` }),
    privateKey: keys.privateKey,
  };
  pool = new WarmPool(options);
  keeper = new WarmPoolKeeper(pool, options);
  await Promise.all([warmPods.start(), deployments.start()]);
  onTestFinished(async () => {
    await Promise.all([warmPods.stop(), deployments.stop()]);
  });
});
afterEach(async () => {
  await world.stop();
  registry.stop();
});

async function putImages(code: string | Record<string, string>, below: string = 'runtime'): Promise<void> {
  const files = typeof code === 'string' ? { 'main.js': code } : code;
  const runtime = await packLayer([{ path: 'opt/ampoule/processor.mjs', content: 'runtime' }]);
  const base = await packLayer([{ path: 'opt/ampoule/processor.mjs', content: below }]);
  const own = await packLayer(Object.entries(files).map(([file, content]) => ({ path: `opt/nuclio/${file}`, content })));
  putImage(`${RUNTIME}:1`, [runtime.bytes]);
  putImage(IMAGE, [base.bytes, own.bytes]);
}

function putImage(name: string, layers: readonly Buffer[]): void {
  const [repository = ''] = name.split(':');
  const described = layers.map((bytes) => ({
    mediaType: mediaTypes.layerGzip,
    digest: registry.put(repository, bytes),
    size: bytes.length,
  }));
  const config = { mediaType: mediaTypes.config, digest: registry.put(repository, Buffer.from('{}')), size: 2 };
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: described };
  registry.manifests.set(name, Buffer.from(JSON.stringify(manifest)));
}

/** Runs a warm pod as a process of this machine. */
async function warmPod(name: string, runtime = 'nodejs'): Promise<ChildProcess> {
  const port = await freePort();
  const root = await mkdtemp(join(tmpdir(), 'warm-'));
  const { metadata } = world.api.put(POD + name, { metadata: { labels: { 'ampoule.internal/warm-runtime': runtime } } });
  const env = {
    ...process.env,
    AMPOULE_WARM_KEY: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    AMPOULE_POD_UID: metadata.uid,
    AMPOULE_WARM_HOST: '127.0.0.1',
    AMPOULE_WARM_PORT: String(port),
    AMPOULE_WARM_ROOT: root,
  };
  const child = spawn(NODE, [MAIN, '--warm', runtime], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(root, { recursive: true });
  });
  for await (const line of createInterface(child.stdout)) if (line.includes('waits for a function')) break;
  child.stdout.resume();
  world.api.put(POD + name, {
    spec: { containers: [{ name: 'nuclio', image: 'i', ports: [{ name: 'binding', containerPort: port }] }] },
    status: { podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  });
  await expect.poll(() => pods.list().length).toBeGreaterThan(0);
  return child;
}

const answerAt = async (port: number | undefined) => (await fetch(`http://127.0.0.1:${port}`)).text();

/** As somebody looks after the pool. */
async function podEnds(): Promise<void> {
  const looked = async () => {
    await keeper.look();
    return world.api.objects.has(`${POD}w1`);
  };
  await expect.poll(looked, { timeout: 5000 }).toBe(false);
}

it('a function that sleeps answers from a warm pod, with its code and its environment', async () => {
  await world.given(spec, SLEEPS);
  await warmPod('w1');
  const server = await serveWarmPool(pool, { host: '127.0.0.1', port: 0 });
  onTestFinished(() => void server.close());
  const address = server.address();

  const response = await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/warm/nuclio/f`, { method: 'POST' });

  expect(response.status).toBe(200);
  const bound = (await response.json()) as { host: string; port: number };
  expect(bound.host).toBe('127.0.0.1');
  expect(await answerAt(bound.port)).toBe('hello from f glad');
  await expect.poll(() => world.api.objects.get(`${POD}w1`)?.metadata.labels).toMatchObject({ 'ampoule.internal/bound-to': 'f' });
});

it('Prometheus finds a warm pod as one of its function, which no Service of that selects', async () => {
  const metricsPort = await freePort();
  const metrics = { sinks: { pull: { kind: 'prometheusPull', url: `127.0.0.1:${metricsPort}` } }, functions: ['pull'] };
  const config = { warmPool: { nodejs: 3 }, healthCheck: { listenAddress: '127.0.0.1:0' }, webAdmin: { enabled: false }, metrics };
  world.api.put(paths.platformConfig, { data: { 'platform.yaml': JSON.stringify(config) } });
  const labels = { 'nuclio.io/project-name': 'p', 'app.kubernetes.io/name': 'mine' };
  await world.given(spec, SLEEPS, { labels });
  await warmPod('w1');

  const bound = await pool.bind('nuclio/f');
  await answerAt(bound?.port);

  const { metadata } = world.api.objects.get(`${POD}w1`) ?? {};
  expect(metadata).toMatchObject({
    labels: { 'nuclio.io/function-name': 'f', 'nuclio.io/project-name': 'p', 'ampoule.internal/warm-runtime': 'nodejs' },
    annotations: { 'nuclio.io/prometheus_pull': 'true', 'nuclio.io/prometheus_pull_port': String(metricsPort) },
  });
  expect(metadata?.labels).not.toHaveProperty('app.kubernetes.io/name');
  expect(metadata?.labels).not.toMatchObject(selectorLabelsOf('f'));
  const exposition = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(exposition).toMatch(/nuclio_processor_handled_events_total\{[^}]*function="f"[^}]*project="p"[^}]*\} 1\n/);
});

it('a function gets a warm pod of its own runtime', async () => {
  await putImages({ 'main.py': 'import os\n\ndef handler(context, event):\n    return "python is " + os.environ["MOOD"]\n' });
  await world.given({ ...spec, runtime: 'python:3.11' }, SLEEPS);
  await warmPod('w1');
  expect(await pool.bind('nuclio/f')).toBeUndefined();

  await warmPod('w2', 'python');

  await expect.poll(async () => answerAt((await pool.bind('nuclio/f'))?.port)).toBe('python is glad');
});

it('a function has one warm pod, however often it is asked for', async () => {
  await world.given(spec, SLEEPS);
  await warmPod('w1');
  await warmPod('w2');

  const [first, second] = await Promise.all([pool.bind('nuclio/f'), pool.bind('nuclio/f')]);

  expect(first?.port).toBeGreaterThan(0);
  expect(second).toEqual(first);
  expect(await pool.bind('nuclio/f')).toEqual(first);
});

it('a function that was changed has another one', async () => {
  await world.given(spec, SLEEPS);
  await warmPod('w1');
  await warmPod('w2');
  const before = await pool.bind('nuclio/f');
  world.api.put(paths.fn, { spec: { ...spec, env: [{ name: 'MOOD', value: 'sad' }] } });

  await expect.poll(async () => answerAt((await pool.bind('nuclio/f'))?.port)).toBe('hello from f sad');

  expect(await answerAt(before?.port)).toBe('hello from f glad');
});

it.each([
  ['it has pods of its own', {}, { state: 'ready' }],
  ['a mount of its own would be missing there', { volumes: [{ volume: { name: 'v', emptyDir: {} }, volumeMount: { name: 'v' } }] }, SLEEPS],
  ['its image is not of the builder', { image: 'elsewhere/f:1' }, SLEEPS],
  ['its image stands on something else', { image: `${FUNCTION}:ffffffffffffffff` }, SLEEPS],
  ['Kubernetes would change a variable', { env: [{ name: 'URL', value: 'http://$(HOST)/' }] }, SLEEPS],
  ['it is disabled', { disable: true }, SLEEPS],
])('a function waits for pods of its own where %s', async (_, more, status) => {
  await world.given({ ...spec, ...more }, status);
  await warmPod('w1');

  expect(await pool.bind('nuclio/f')).toBeUndefined();

  expect(world.api.objects.get(`${POD}w1`)?.metadata.labels).not.toHaveProperty('ampoule.internal/bound-to');
});

it('a function waits for pods of its own where the pool is empty, or has none of that name', async () => {
  await world.given(spec, SLEEPS);

  expect(await pool.bind('nuclio/f')).toBeUndefined();
  expect(await pool.bind('nuclio/g')).toBeUndefined();
});

it('a pod that did not become that of a function goes', async () => {
  await putImages('this is not JavaScript');
  await world.given(spec, SLEEPS);
  await warmPod('w1');

  expect(await pool.bind('nuclio/f')).toBeUndefined();

  expect(world.api.objects.has(`${POD}w1`)).toBe(false);
  // Another one would go the same way.
  await warmPod('w2');
  expect(await pool.bind('nuclio/f')).toBeUndefined();
  expect(world.api.objects.has(`${POD}w2`)).toBe(true);
});

it('a function whose warm pod has gone gets another one', async () => {
  await world.given(spec, SLEEPS);
  await warmPod('w1');
  const first = await pool.bind('nuclio/f');
  await world.client.remove(resources.pods, 'ampoule-warm', 'w1');
  await warmPod('w2');

  await expect.poll(async () => (await pool.bind('nuclio/f'))?.uid ?? first?.uid).not.toBe(first?.uid);

  expect(await answerAt((await pool.bind('nuclio/f'))?.port)).toBe('hello from f glad');
});

it('a warm pod ends a while after its function has come up, and not before', { timeout: 20_000 }, async () => {
  await world.given(spec, SLEEPS);
  await warmPod('w1');
  await pool.bind('nuclio/f');
  world.api.put(paths.fn, { status: { state: 'waitingForScaleResourceFromZero' } });
  await expect.poll(() => world.functions.get('nuclio/f')?.status).toMatchObject({ state: 'waitingForScaleResourceFromZero' });
  await keeper.look();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  await keeper.look();
  expect(world.api.objects.has(`${POD}w1`)).toBe(true);

  world.api.put(paths.fn, { status: { state: 'ready' } });
  await expect.poll(() => world.functions.get('nuclio/f')?.status).toMatchObject({ state: 'ready' });
  await keeper.look();
  expect(world.api.objects.has(`${POD}w1`)).toBe(true);
  await podEnds();
});

it('a warm pod ends after its function has served, even if that sleeps again by then', { timeout: 20_000 }, async () => {
  await world.given(spec, SLEEPS);
  await warmPod('w1');
  await pool.bind('nuclio/f');
  for (const state of ['waitingForScaleResourceFromZero', 'ready', 'scaledToZero']) {
    world.api.put(paths.fn, { status: { state } });
    await expect.poll(() => world.functions.get('nuclio/f')?.status).toMatchObject({ state });
  }

  await podEnds();
});

it('a controller that was started anew ends the pods that an earlier one bound', { timeout: 20_000 }, async () => {
  await world.given(spec, { state: 'ready' });
  world.api.put(`${POD}w1`, { metadata: { labels: { 'ampoule.internal/bound-to': 'f' } }, status: { podIP: '127.0.0.1' } });
  await expect.poll(() => pods.list().length).toBe(1);

  await podEnds();
});

it('the pool is as large as the platform wants it', async () => {
  await world.given(spec, SLEEPS);

  await keeper.look();

  expect(world.api.objects.get(DEPLOYMENT)?.spec).toMatchObject({ replicas: 3 });
});
