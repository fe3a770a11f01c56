import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import { makePython, runPython } from '../testing/run-python.ts';
import { eventOf, raceWithTakingBack, shownOf } from '../testing/worker-run.ts';
import type { Answer } from './event.ts';

const NODE = join(import.meta.dirname, '../../../../node_modules/.bin/node');
/** Answers with the body; `wait`, `exit`, `crash` and `kill` do so, and `slow N` waits N milliseconds. */
const ECHO = `
import os, signal, sys, time
def handler(context, event):
    command = event.body.partition(b' ')
    if command[0] == b'exit': sys.exit(int(command[2]))
    if command[0] == b'crash': os._exit(int(command[2]))
    if command[0] == b'kill': os.kill(os.getpid(), signal.SIGSEGV)
    if command[0] == b'slow': time.sleep(int(command[2]) / 1000)
    return event.body
`;

it('answers 100,000 events, each with its own answer and in their order', async () => {
  const run = await runPython(ECHO);
  const count = 100_000;
  const inHand = 5000;
  for (let sent = 0; sent < count; ) {
    while (sent < count && sent - run.answers.length < inHand) {
      if (!run.worker.send(sent, eventOf({ body: String(sent) }))) break;
      sent += 1;
    }
    run.worker.flush();
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(run.answers).toHaveLength(count), { timeout: 20_000 });

  const wrong = run.answers.filter(({ sequence, answer }, i) => sequence !== i || (answer as Answer).body.toString() !== String(i));
  expect(wrong).toEqual([]);
});

it.each([1 << 16, 4 << 20])('carries bodies of %i bytes both ways', async (size) => {
  const run = await runPython(ECHO);
  const body = Buffer.alloc(size, 'abcdefg');

  for (let i = 0; i < 3; i += 1) {
    const answers = [run.queue({ body: 'small' }), run.queue({ body })];
    run.worker.flush();
    const [small, large] = (await Promise.all(answers)).map(shownOf);

    expect(small?.body).toBe('small');
    expect(large?.bytes.equals(body)).toBe(true);
  }
});

it('takes nothing more while too much is under way, and goes on afterwards', async () => {
  const run = await runPython(ECHO);
  const body = Buffer.alloc(1 << 20);
  const slow = run.queue({ body: 'slow 200' });
  run.worker.flush();
  let taken = 0;
  while (run.worker.send(taken + 1, eventOf({ body }))) taken += 1;

  const drained = run.worker.control('drain');

  expect(taken).toBeLessThan(10);
  await slow;
  await drained;
  await vi.waitFor(() => expect(run.answers).toHaveLength(taken + 1));
  expect((await runPython(ECHO)).worker.send(0, eventOf())).toBe(true);
});

it.each([
  ['exit 3', 'it ended with status 3'],
  ['crash 4', 'it ended with status 4'],
  ['kill', 'it was ended by SIGSEGV'],
])('tells of a worker that ends by itself (%s) after all answers that were finished, and what had not begun', async (body, reason) => {
  const run = await runPython(ECHO);
  for (const each of ['1', '2', body, '4', '5']) void run.queue({ body: each });
  run.worker.flush();

  expect(await run.exited.promise).toBe(reason);

  expect(run.answers.map(({ answer }) => (answer as Answer).body.toString())).toEqual(['1', '2']);
  expect(run.worker.revoke()).toBe(3);
  expect(existsSync(`/proc/${run.worker.pid}`)).toBe(false);
});

it('delivers each answer once where it is asked for those that wait behind a slow event', async () => {
  const run = await runPython(ECHO);
  for (const body of ['1', '2', 'slow 300', '4', '5']) void run.queue({ body });
  run.worker.flush();
  const sequences = () => run.answers.map(({ sequence }) => sequence);

  await vi.waitFor(() => {
    run.worker.poll();
    expect(sequences()).toEqual([0, 1]);
  });
  await vi.waitFor(() => {
    run.worker.poll();
    expect(sequences()).toEqual([0, 1, 2, 3, 4]);
  });
  expect((await run.call({ body: '6' })).body).toBe('6');
});

it('loses no answer and gives none twice however often it is asked', async () => {
  const run = await runPython(ECHO);
  const count = 64 * 300;
  for (let sent = 0; sent < count; ) {
    for (let i = 0; i < 64 && run.worker.send(sent, eventOf({ body: String(sent) })); i += 1) sent += 1;
    run.worker.flush();
    for (let i = 0; i < 20; i += 1) run.worker.poll();
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(run.answers).toHaveLength(count));

  expect(run.answers.filter(({ sequence, answer }, i) => sequence !== i || (answer as Answer).body.toString() !== String(i))).toEqual([]);
});

it('delivers what was finished before it was killed', async () => {
  const run = await runPython(ECHO);
  for (const body of ['1', 'slow 10000', '3']) void run.queue({ body });
  run.worker.flush();
  await new Promise((resolve) => setTimeout(resolve, 100));

  await run.worker.kill();

  expect(run.answers.map(({ sequence }) => sequence)).toEqual([0]);
  expect(run.worker.revoke()).toBe(2);
  expect(existsSync(`/proc/${run.worker.pid}`)).toBe(false);
});

it('takes back events that a slow one holds up, and never runs them', async () => {
  const run = await runPython(ECHO);
  const slow = run.queue({ body: 'slow 100' });
  for (let i = 1; i <= 20; i += 1) void run.queue({ body: String(i) });
  run.worker.flush();
  await new Promise((resolve) => setTimeout(resolve, 50));

  expect(run.worker.revoke()).toBe(1);
  expect(run.worker.revoke()).toBeUndefined();
  await slow;
  const after = await run.call({ body: 'after' });

  expect(after.body).toBe('after');
  expect(run.answers.map(({ sequence }) => sequence)).toEqual([0, 21]);
});

it('either runs an event or lets it be taken back, however the two meet', async () => {
  const run = await runPython(ECHO);

  expect(await raceWithTakingBack(run, { rounds: 200, events: 50 })).toEqual([]);
});

it.each(['crash', 'kill'])('ends with a worker what it had started: %s', async (how) => {
  const run = await runPython(`
import os, subprocess
def handler(context, event):
    if event.body == b'crash': os._exit(1)
    return str(subprocess.Popen(['sleep', '600']).pid)
`);
  const pid = Number((await run.call()).body);
  expect(isRunning(pid)).toBe(true);

  if (how === 'kill') await run.worker.kill();
  else {
    void run.call({ body: 'crash' });
    await run.exited.promise;
  }

  await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
});

it('ends a worker that writes what is no frame', async () => {
  const run = await runPython('import os\ndef handler(context, event):\n    os.write(4, event.body)\n    return ""\n');
  void run.queue({ body: Buffer.from([12, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0x7b, 0x7d, 0x20, 0x20]) });
  run.worker.flush();

  expect(await run.exited.promise).toContain('an unknown message: {}');
});

it('leaves no worker behind when the processor is killed, even while a handler hangs', async () => {
  const run = await makePython('import time\ndef handler(context, event):\n    time.sleep(600)\n');
  const program = `
    import { makePythonWorker } from ${JSON.stringify(join(import.meta.dirname, '../runtime/python/python-worker.ts'))};
    const options = { folder: ${JSON.stringify(run.folder)}, workerId: 0, triggers: [], functionName: 'f', namespace: 'n', concurrency: 1 };
    const worker = makePythonWorker(options, { answered() {}, exited() {}, acknowledged() {} });
    await worker.start();
    worker.send(0, { trigger: 0, timestamp: 0, method: 'GET', target: '/', head: '', body: new Uint8Array() });
    worker.flush();
    setTimeout(() => { console.log(worker.pid); process.kill(process.pid, 'SIGKILL'); }, 50);
  `;
  const ended = await promisify(execFile)(NODE, ['--input-type=module-typescript', '-e', program]).catch((error) => error);
  const pid = Number(ended.stdout);

  expect(pid).toBeGreaterThan(0);
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
