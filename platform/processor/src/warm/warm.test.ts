import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packLayer } from '@ampoule/lib/oci/layer';
import { freePort } from '@ampoule/lib/testing/free-port';
import { type Binding, packBinding, warm } from '@ampoule/platform-api/binding';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, '../main.ts');
const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');
const keys = generateKeyPairSync('ed25519');

const CODE = `import { greeting } from './lib/words.js';
export async function handler(context, event) {
  return [greeting, process.env.PLACE, event.body.toString()].join(' ');
}`;

let pod: { url: string; child: ChildProcess; lines: string[]; env: NodeJS.ProcessEnv; root: string };

beforeEach(() => startPod('nodejs'));

async function startPod(runtime: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'warm-'));
  const port = await freePort();
  const env = {
    ...process.env,
    AMPOULE_WARM_KEY: keys.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    AMPOULE_POD_UID: 'pod-1',
    AMPOULE_WARM_HOST: '127.0.0.1',
    AMPOULE_WARM_PORT: String(port),
    AMPOULE_WARM_ROOT: root,
  };
  const child = spawn(NODE, [MAIN, '--warm', runtime], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  const waits = Promise.withResolvers<void>();
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    if (line.includes('waits for a function')) waits.resolve();
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(root, { recursive: true });
  });
  await waits.promise;
  pod = { url: `http://127.0.0.1:${port}`, child, lines, env, root };
}

interface Wanted {
  code?: string;
  binding?: Partial<Binding>;
  key?: typeof keys.privateKey;
}

async function messageOf({ code = CODE, binding, key = keys.privateKey }: Wanted = {}): Promise<Buffer> {
  const { bytes } = await packLayer([
    { path: 'opt/nuclio/main.mjs', content: code },
    { path: 'opt/nuclio/lib/words.js', content: "exports.greeting = 'Hello';" },
  ]);
  const triggers = { web: { kind: 'http', name: 'web', url: '127.0.0.1:0', numWorkers: 2 } };
  const spec = { runtime: 'nodejs', handler: 'main.mjs:handler', triggers };
  const processorConfig = JSON.stringify({ metadata: { name: 'f' }, spec });
  const platformConfig = 'healthCheck: { listenAddress: "127.0.0.1:0" }\nwebAdmin: { enabled: false }';
  return packBinding({ pod: 'pod-1', processorConfig, platformConfig, env: { PLACE: 'here' }, ...binding }, [bytes], key);
}

async function bind(message: Buffer): Promise<{ status: number; httpPort: number; error: string | undefined }> {
  const response = await fetch(pod.url + warm.path, { method: 'POST', body: message });
  const { httpPort, error } = (await response.json()) as { httpPort: number; error?: string };
  return { status: response.status, httpPort, error };
}

it('becomes the pod of a function, with its files and its environment, in all of its workers', async () => {
  expect((await fetch(pod.url + warm.health)).status).toBe(200);

  const { status, httpPort } = await bind(await messageOf());

  expect(status).toBe(200);
  const call = async () => (await fetch(`http://127.0.0.1:${httpPort}`, { method: 'POST', body: 'again' })).text();
  expect(await Promise.all(Array.from({ length: 8 }, call))).toEqual(Array(8).fill('Hello here again'));
});

it('ends like any processor, with what is in hand done', async () => {
  const code = "export const handler = async () => { await new Promise((done) => setTimeout(done, 300)); return 'done'; };";
  const { httpPort } = await bind(await messageOf({ code }));
  const answer = fetch(`http://127.0.0.1:${httpPort}`);
  await new Promise((resolve) => setTimeout(resolve, 100));

  pod.child.kill('SIGTERM');

  expect(await (await answer).text()).toBe('done');
  expect(await once(pod.child, 'exit')).toEqual([0, null]);
});

it('is bound once', async () => {
  const message = await messageOf();
  expect((await bind(message)).status).toBe(200);

  expect(await bind(message)).toMatchObject({ status: 409 });
});

it.each([
  ['another key signed', async () => messageOf({ key: generateKeyPairSync('ed25519').privateKey }), /signature/],
  ['is for another pod', async () => messageOf({ binding: { pod: 'pod-2' } }), /another pod/],
  ['was changed on its way', async () => (await messageOf()).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte)), /layer/],
  ['is cut off', async () => (await messageOf()).subarray(0, 20), /cut off/],
])('refuses a binding that %s, and takes a good one after that', async (_, make, reason) => {
  expect(await bind(Buffer.from(await make()))).toMatchObject({ status: 403, error: expect.stringMatching(reason) });

  expect((await bind(await messageOf())).status).toBe(200);
});

it('outlives whoever breaks off in the middle of a binding, and one that sends too much', async () => {
  const socket = connect(Number(new URL(pod.url).port), '127.0.0.1');
  socket.write(`POST ${warm.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nbegun`);
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await bind(Buffer.alloc(10))).status).toBe(429);
  socket.destroy();
  await expect.poll(async () => (await bind(Buffer.alloc(17 << 20)).catch(() => ({ status: 413 }))).status).toBe(413);

  await expect.poll(async () => (await bind(await messageOf())).status).toBe(200);
});

it('does not wait where a function has left its files', async () => {
  await bind(await messageOf());
  const { env, root } = pod;
  const again = spawn(NODE, [MAIN, '--warm', 'nodejs'], {
    env: { ...env, AMPOULE_WARM_ROOT: root, AMPOULE_WARM_PORT: '0' },
    stdio: 'ignore',
  });

  expect(await once(again, 'exit')).toEqual([1, null]);
});

describe('in Python', () => {
  const PYTHON = `import os, time
from words import greeting

def handler(context, event):
    return [greeting, os.environ["PLACE"], os.environ.get("AMPOULE_POD_UID"), os.getcwd(), time.tzname[0], os.getppid(), os.getpid()]
`;
  const callWith = async (env: Record<string, string>) => {
    const { bytes } = await packLayer([
      { path: 'opt/nuclio/main.py', content: PYTHON },
      { path: 'opt/nuclio/words.py', content: "greeting = 'Hello'\n" },
    ]);
    const triggers = { web: { kind: 'http', name: 'web', url: '127.0.0.1:0', numWorkers: 1 } };
    const processorConfig = JSON.stringify({ metadata: { name: 'f' }, spec: { runtime: 'python', handler: 'main:handler', triggers } });
    const platformConfig = 'healthCheck: { listenAddress: "127.0.0.1:0" }\nwebAdmin: { enabled: false }';
    const binding = { pod: 'pod-1', processorConfig, platformConfig, env };
    const { status, httpPort, error } = await bind(packBinding(binding, [bytes], keys.privateKey));
    expect({ status, error }).toEqual({ status: 200, error: undefined });
    return JSON.parse(await (await fetch(`http://127.0.0.1:${httpPort}`)).text());
  };
  const children = async () =>
    (await readFile(`/proc/${pod.child.pid}/task/${pod.child.pid}/children`, 'utf8')).trim().split(' ').map(Number);

  beforeEach(() => startPod('python'));

  it('runs the function in the process that it has ready, with the environment and the files of the function alone', async () => {
    const [ready] = await children();

    const answer = await callWith({ PLACE: 'here', TZ: 'NZST-12' });

    const folder = await realpath(join(pod.root, 'opt/nuclio'));
    expect(answer).toEqual(['Hello', 'here', null, folder, 'NZST', pod.child.pid, ready]);
  });

  it('starts another one where Python would have to start in another environment', async () => {
    const [ready] = await children();

    const answer = await callWith({ PLACE: 'here', PYTHONHASHSEED: '0' });

    expect(answer.slice(0, 2)).toEqual(['Hello', 'here']);
    expect(await children()).toEqual([answer.at(-1)]);
    expect(answer.at(-1)).not.toBe(ready);
  });
});

it('says why code cannot be loaded', async () => {
  expect(await bind(await messageOf({ code: "throw new Error('broken by its author');" }))).toMatchObject({
    status: 500,
    error: expect.stringContaining('main.mjs'),
  });
});
