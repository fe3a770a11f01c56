import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRunning } from '../testing/is-running.ts';
import { call, runProcessor } from '../testing/run-processor.ts';

const ASYNC = { eventTimeout: '600ms', trigger: { mode: 'async' } };
const LATE = { status: 408, body: '{"error":"handler timed out"}' };
/** Neither an answer nor its end may keep a test waiting for ever. */
const soon = () => ({ signal: AbortSignal.timeout(10_000) });

it('an answer in pieces that never goes on ends by the time of its event, also where no other event comes', async () => {
  const code = `exports.handler = (context, { path }) =>
    path === '/next' ? 'next' : (async function* () { yield 'a'; await new Promise(() => undefined); })();`;
  const { url, lines } = await runProcessor(code, { eventTimeout: '300ms' });
  const response = await fetch(url, soon());

  const failure: Error = await response.text().then(
    (text) => new Error(`was whole: ${text}`),
    (error) => error,
  );

  expect(failure.message).toBe('terminated');
  expect(lines.some((line) => line.includes('A handler timed out'))).toBe(true);
  expect(await call(`${url}/next`, soon())).toMatchObject({ status: 200, body: 'next' });
});

const JAVASCRIPT = `exports.handler = async (context, { path }) => {
  if (path === '/never') await new Promise(() => undefined);
  if (path === '/long') await new Promise((resolve) => setTimeout(resolve, 450));
  if (path === '/pieces') return (async function* () { yield 'a'; await new Promise(() => undefined); })();
  return path;
}`;

const PYTHON = `import asyncio, os, time

async def handler(context, event):
    if event.path == "/never":
        await asyncio.sleep(60)
    if event.path == "/long":
        await asyncio.sleep(0.45)
    if event.path == "/loop":
        while True:
            pass
    return str(os.getpid()) if event.path == "/process" else event.path
`;

const LANGUAGES = [
  ['JavaScript', JAVASCRIPT, {}, 'main.js'],
  ['Python', PYTHON, { runtime: 'python', handler: 'main:handler' }, 'main.py'],
] as const;

describe.each(LANGUAGES)('in mode async, a late event of %s', (_, code, spec, file) => {
  it('fails alone: those that were begun beside it have their time, and new ones another worker', async () => {
    const { url } = await runProcessor(code, { ...ASYNC, ...spec }, file);
    const late = call(`${url}/never`, soon());
    await delay(400);
    const beside = call(`${url}/long`, soon());

    expect(await late).toMatchObject(LATE);
    const next = await call(`${url}/next`, soon());

    expect(await beside).toMatchObject({ status: 200, body: '/long' });
    expect(next).toMatchObject({ status: 200, body: '/next' });
  });

  it('is followed by others that are late at their own time', async () => {
    const { url } = await runProcessor(code, { ...ASYNC, ...spec }, file);
    const answers = [call(`${url}/never`, soon())];
    await delay(300);
    answers.push(call(`${url}/never`, soon()));

    expect(await Promise.all(answers)).toMatchObject([LATE, LATE]);
    expect(await call(url, soon())).toMatchObject({ status: 200 });
  });
});

describe('in mode async, a worker that stands still', () => {
  it('is ended, and what it has not begun goes to another one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'beat-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const beat = join(folder, 'beat');
    const code = `exports.handler = async (context, { path }) => {
      if (path === '/loop') for (let i = 0; ; i++) require('fs').writeFileSync(${JSON.stringify(beat)}, String(i));
      return path;
    }`;
    const { url } = await runProcessor(code, ASYNC);
    const late = call(`${url}/loop`, soon());
    await delay(100);

    expect(await call(`${url}/next`, soon())).toMatchObject({ status: 200, body: '/next' });

    expect(await late).toMatchObject(LATE);
    const beats = async () => {
      const before = await readFile(beat, 'utf8');
      await delay(100);
      return (await readFile(beat, 'utf8')) === before;
    };
    await expect.poll(beats, { timeout: 5000 }).toBe(true);
  });

  it('is ended where it is a process, too', async () => {
    const { url } = await runProcessor(PYTHON, { ...ASYNC, runtime: 'python', handler: 'main:handler' }, 'main.py');
    const process = Number((await call(`${url}/process`, soon())).body);

    expect(await call(`${url}/loop`, soon())).toMatchObject(LATE);

    expect(await call(`${url}/next`, soon())).toMatchObject({ status: 200, body: '/next' });
    await expect.poll(() => isRunning(process), { timeout: 5000 }).toBe(false);
  });
});

it('in mode async, a late answer in pieces breaks off, and the events beside it have their time', async () => {
  const { url } = await runProcessor(JAVASCRIPT, ASYNC);
  const response = await fetch(`${url}/pieces`, soon());
  await delay(350);
  const beside = call(`${url}/long`, soon());

  await expect(response.text()).rejects.toThrow('terminated');

  expect(await beside).toMatchObject({ status: 200, body: '/long' });
});

it('in mode async, the events of a runtime that takes one at a time are late by when they begin', async () => {
  const { url } = await runProcessor('sleep 0.3; echo done', { ...ASYNC, runtime: 'shell', handler: 'main.sh' }, 'main.sh');

  const answers = await Promise.all([1, 2, 3, 4].map(() => call(url, soon())));

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});

it.each([
  ['JavaScript', `exports.handler = () => { const end = Date.now() + 100; while (Date.now() < end); return 'ok'; }`, {}, 'main.js'],
  ['Python', 'import time\ndef handler(context, event):\n    time.sleep(0.1)\n', { runtime: 'python', handler: 'main:handler' }, 'main.py'],
])('in mode async, events that wait behind others of a handler that never waits are not late (%s)', async (_, code, spec, file) => {
  const { url } = await runProcessor(code, { ...ASYNC, ...spec }, file);

  const answers = await Promise.all(Array.from({ length: 15 }, () => call(url, soon())));

  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 15 }, () => 200));
});
