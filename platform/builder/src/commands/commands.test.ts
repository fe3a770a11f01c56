import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { packLayer } from '@ampoule/lib/oci/layer';
import { unpackLayer } from '@ampoule/lib/oci/unpack';
import { freePort } from '@ampoule/lib/testing/free-port';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { packagesFolder } from '../packages/packages.fixture.ts';
import { makePackageServer } from '../packages/server.ts';
import { BuildPods } from './build-pods.ts';

const MAIN = join(import.meta.dirname, '../agent/main.ts');
const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');
const PODS = '/api/v1/namespaces/builds/pods/';

let api: FakeApi;
let client: KubeClient;
let kubelet: { stop(): void; pods: V1Pod[] };

beforeEach(async () => {
  api = new FakeApi();
  client = await api.start();
  kubelet = startKubelet();
});
afterEach(() => {
  kubelet.stop();
  client.close();
  api.stop();
});

/** Runs the build pods of the API server as processes of this machine. */
function startKubelet() {
  const pods: V1Pod[] = [];
  const known = new Set<string>();
  const timer = setInterval(() => {
    for (const [path, object] of api.objects) {
      if (!path.startsWith(PODS) || known.has(path)) continue;
      known.add(path);
      pods.push(object as V1Pod);
      void runPod(path, object as V1Pod);
    }
  }, 5);
  return { pods, stop: () => clearInterval(timer) };
}

async function runPod(path: string, pod: V1Pod): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'build-pod-'));
  const port = await freePort();
  const [container] = pod.spec?.containers ?? [];
  const own = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  const env = {
    ...process.env,
    ...own,
    HOME: root,
    AMPOULE_BUILD_HOST: '127.0.0.1',
    AMPOULE_BUILD_PORT: String(port),
    AMPOULE_BUILD_ROOT: root,
  };
  const child = spawn(NODE, [MAIN], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => end(child, root));
  for await (const line of createInterface(child.stdout)) if (line.includes('waits for an order')) break;
  child.stdout.resume();
  if (!api.objects.has(path)) return;
  api.put(path, {
    spec: { containers: [{ ...container, ports: [{ name: 'agent', containerPort: port }] }] },
    status: { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

async function end(child: ChildProcess, root: string): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  await rm(root, { recursive: true });
}

async function packagesUrl(): Promise<string> {
  const folder = await packagesFolder([
    { name: 'greeting', version: '1.0.0', code: "module.exports = 'hi'" },
    {
      name: 'greeting',
      version: '1.1.0',
      dependencies: { punctuation: '^1.0.0' },
      code: "module.exports = 'hello' + require('punctuation')",
    },
    { name: 'punctuation', version: '1.0.0', code: "module.exports = '!'" },
  ]);
  const server = makePackageServer(folder).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Build {
  commands: string[][];
  files?: Record<string, string>;
  limitSeconds?: number;
  signal?: AbortSignal;
  url?: string;
}

/** Runs commands, and gives a folder with what they left. */
async function run({ commands, files = {}, limitSeconds = 60, signal = new AbortController().signal, url }: Build) {
  const code = await packLayer(Object.entries(files).map(([path, content]) => ({ path: `opt/nuclio/${path}`, content })));
  const pods = new BuildPods({
    client,
    namespace: 'builds',
    images: { nodejs: 'build:1' },
    packagesUrl: url ?? (await packagesUrl()),
    pollMs: 5,
  });
  const lines: string[] = [];
  const layer = await pods.run({
    key: 'nuclio/f',
    runtime: 'nodejs',
    commands,
    code: code.bytes,
    limitSeconds,
    log: (line) => lines.push(line),
    forResult: async () => undefined,
    signal,
  });
  const root = await mkdtemp(join(tmpdir(), 'built-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await unpackLayer(layer.bytes, root);
  return { lines, layer, root, read: (path: string) => readFile(join(root, 'opt/nuclio', path), 'utf8') };
}

it('gives back the code with what its commands made of it, and tells what they wrote', async () => {
  const { lines, read } = await run({
    commands: [
      ['sh', '-c', 'echo one; echo two >&2; tr a-z A-Z < main.js > upper.js'],
      ['sh', '-c', 'mkdir bin && ln -s ../upper.js bin/link && chmod +x upper.js'],
    ],
    files: { 'main.js': 'code' },
  });

  expect(lines.toSorted()).toEqual(['one', 'two']);
  expect(await read('main.js')).toBe('code');
  expect(await read('bin/link')).toBe('CODE');
});

it('gives the same bytes for the same work', async () => {
  const work = { commands: [['sh', '-c', 'echo b > b; echo a > a']], files: { 'main.js': 'code' } };

  expect((await run(work)).layer).toEqual((await run(work)).layer);
});

it('installs packages from what the bundle brought, by a range and with what they depend on', async () => {
  const { read } = await run({
    commands: [['npm', 'install', '--omit=dev']],
    files: { 'package.json': JSON.stringify({ dependencies: { greeting: '^1.0.0' } }) },
  });

  expect(JSON.parse(await read('node_modules/greeting/package.json')).version).toBe('1.1.0');
  expect(await read('node_modules/punctuation/index.js')).toContain('!');
});

it.each([
  ['a package', { absent: '^1.0.0' }, 'absent'],
  ['a version', { greeting: '^2.0.0' }, 'greeting@^2.0.0'],
  ['a package of a scope', { '@scope/absent': '1' }, '@scope/absent'],
])('names %s that the bundle does not hold', async (_, dependencies, name) => {
  const files = { 'package.json': JSON.stringify({ dependencies }) };

  await expect(run({ commands: [['npm', 'install']], files })).rejects.toMatchObject({
    code: 'AMP_BUILD_PACKAGE',
    what: `The bundle holds no ${name}`,
  });
});

it('says which command failed, and what it wrote last', async () => {
  const commands = [
    ['sh', '-c', 'echo fine'],
    ['sh', '-c', 'echo broken here; exit 3'],
    ['sh', '-c', 'echo never'],
  ];

  await expect(run({ commands })).rejects.toMatchObject({
    code: 'AMP_BUILD_COMMAND',
    why: '"sh -c echo broken here; exit 3" ended with exit code 3\nfine\nbroken here',
  });
});

it('says that a program is not there', async () => {
  await expect(run({ commands: [['no-such-program']] })).rejects.toMatchObject({
    code: 'AMP_BUILD_COMMAND',
    why: expect.stringContaining('no-such-program cannot be run'),
  });
});

it('ends commands that take too long', async () => {
  await expect(run({ commands: [['sh', '-c', 'echo begun; exec sleep 60']], limitSeconds: 2 })).rejects.toMatchObject({
    code: 'AMP_BUILD_COMMAND',
    why: 'they took longer than 2 s\nbegun',
  });
});

it('keeps empty folders, and does not wait for what a command leaves running', async () => {
  const { root } = await run({ commands: [['sh', '-c', 'mkdir -p data/empty; sleep 60 &']], limitSeconds: 10 });

  expect((await stat(join(root, 'opt/nuclio/data/empty'))).isDirectory()).toBe(true);
});

it('hands on lines at a length, and so many of them', async () => {
  const script = 'head -c 1000000 /dev/zero | tr "\\0" x; echo; yes | head -n 20000';
  const { lines } = await run({ commands: [['sh', '-c', script]] });

  expect(lines.length).toBe(5000);
  expect(Math.max(...lines.map(({ length }) => length))).toBe(1000);
});

it('says that commands ended their pod, and does not try that again', async () => {
  await expect(run({ commands: [['sh', '-c', 'kill -9 $PPID; sleep 5']] })).rejects.toMatchObject({
    code: 'AMP_BUILD_COMMAND',
    why: expect.stringMatching(/^their pod ended: it went away/),
  });
});

it('is tried again where the packages cannot be reached', async () => {
  const files = { 'package.json': JSON.stringify({ dependencies: { greeting: '1' } }) };
  const commands = [['npm', 'install', '--fetch-retries=0']];

  await expect(run({ commands, files, url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'AMP_BUILD_POD' });
});

it('ends at once where nobody wants its result any more', async () => {
  const stop = new AbortController();
  const failing = run({ commands: [['sh', '-c', 'sleep 60']], signal: stop.signal });
  failing.catch(() => undefined);
  await expect.poll(() => kubelet.pods.length).toBe(1);
  await delay(500);

  stop.abort(new Error('not wanted'));

  await expect(failing).rejects.toThrow('not wanted');
  expect([...api.objects.keys()].filter((path) => path.startsWith(PODS))).toEqual([]);
});

it('removes what a builder before it has left', async () => {
  api.put(`${PODS}build-old`, {});

  await new BuildPods({ client, namespace: 'builds', images: {}, packagesUrl: 'http://x' }).removeAll();

  expect(api.objects.has(`${PODS}build-old`)).toBe(false);
});

it('leaves no pod behind, whatever came of it, and shows commands no token of ours', async () => {
  const { lines } = await run({ commands: [['sh', '-c', 'env']] });
  await run({ commands: [['false']] }).catch(() => undefined);

  expect([...api.objects.keys()].filter((path) => path.startsWith(PODS))).toEqual([]);
  expect(kubelet.pods).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith('AMPOULE_'))).toEqual([]);
});

it('is tried again where the pod does not come up', async () => {
  kubelet.stop();
  const failing = run({ commands: [['true']] });
  failing.catch(() => undefined);
  await expect.poll(() => [...api.objects.keys()].find((path) => path.startsWith(PODS))).toBeDefined();
  const path = [...api.objects.keys()].find((each) => each.startsWith(PODS)) ?? '';
  api.put(path, { status: { phase: 'Failed', message: 'no room on the node' } });

  await expect(failing).rejects.toMatchObject({ code: 'AMP_BUILD_POD', why: expect.stringContaining('no room on the node') });
});
