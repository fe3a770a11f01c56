import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, it, vi } from 'vitest';
import type { Answer } from '../../engine/event.ts';
import { isRunning } from '../../testing/is-running.ts';
import { handlerOf, makeJava, runJava } from '../../testing/run-java.ts';
import { eventOf, raceWithTakingBack, shownOf } from '../../testing/worker-run.ts';

const NODE = join(import.meta.dirname, '../../../../../node_modules/.bin/node');
/** Answers with the body; `exit N`, `halt N`, `crash` and `memory` end the process before that, and `slow N` waits N milliseconds. */
const ECHO = handlerOf(
  `
        String[] words = body.length() > 20 ? new String[] {""} : body.split(" ");
        switch (words[0]) {
            case "exit" -> System.exit(Integer.parseInt(words[1]));
            case "halt" -> Runtime.getRuntime().halt(Integer.parseInt(words[1]));
            case "crash" -> crash();
            case "memory" -> System.out.println(new long[Integer.MAX_VALUE].length);
            case "slow" -> {
                try {
                    Thread.sleep(Integer.parseInt(words[1]));
                } catch (InterruptedException error) {
                    throw new IllegalStateException(error);
                }
            }
            default -> {}
        }
        return new Response().setBody(event.getBody());`,
  `
    static void crash() {
        try {
            new ProcessBuilder("kill", "-SEGV", String.valueOf(ProcessHandle.current().pid())).start().waitFor();
            Thread.sleep(60_000);
        } catch (Exception error) {
            throw new IllegalStateException(error);
        }
    }`,
);

it('answers 50,000 events, each with its own answer and in their order', async () => {
  const run = await runJava(ECHO);
  const count = 50_000;
  const inHand = 5000;
  for (let sent = 0; sent < count; ) {
    while (sent < count && sent - run.answers.length < inHand) {
      if (!run.worker.send(sent, eventOf({ body: String(sent) }))) break;
      sent += 1;
    }
    run.worker.flush();
    if (sent % 7 === 0) run.worker.poll();
    await new Promise(setImmediate);
  }
  await vi.waitFor(() => expect(run.answers).toHaveLength(count), { timeout: 20_000 });

  const wrong = run.answers.filter(({ sequence, answer }, i) => sequence !== i || (answer as Answer).body.toString() !== String(i));
  expect(wrong).toEqual([]);
});

it('carries large bodies both ways', async () => {
  const run = await runJava(ECHO);

  for (const size of [(1 << 16) - 100, 1 << 16, 4 << 20, 70_000]) {
    const body = Buffer.alloc(size, 'abcdefg');
    const answers = [run.queue({ body: 'small' }), run.queue({ body })];
    run.worker.flush();
    const [small, large] = (await Promise.all(answers)).map(shownOf);

    expect(small?.body).toBe('small');
    expect((await run.call({ body: 'after' })).body).toBe('after');
    expect(large?.bytes.equals(body)).toBe(true);
  }
});

it.each([
  ['exit 3', 'it ended with status 3'],
  ['halt 4', 'it ended with status 4'],
  ['memory', 'it ended with status 3'],
  ['crash', 'it ended with status 1'],
])('tells of a worker that ends by itself (%s) after all answers that were finished, and what had not begun', async (body, reason) => {
  // Without pages about the crash in the output of the tests.
  const run = await runJava(ECHO, { runtimeAttributes: { jvmOptions: ['-XX:+SuppressFatalErrorMessage'] } });
  for (const each of ['1', '2', body, '4', '5']) void run.queue({ body: each });
  run.worker.flush();

  expect(await run.exited.promise).toBe(reason);

  expect(run.answers.map(({ answer }) => (answer as Answer).body.toString())).toEqual(['1', '2']);
  expect(run.worker.revoke()).toBe(3);
  expect(existsSync(`/proc/${run.worker.pid}`)).toBe(false);
});

it('delivers each answer once where it is asked for those that wait behind a slow event', async () => {
  const run = await runJava(ECHO);
  for (const body of ['1', '2', 'slow 300', '4', '5']) void run.queue({ body });
  run.worker.flush();
  const sequences = () => run.answers.map(({ sequence }) => sequence);

  for (const expected of [
    [0, 1],
    [0, 1, 2, 3, 4],
  ]) {
    await vi.waitFor(() => {
      run.worker.poll();
      expect(sequences()).toEqual(expected);
    });
  }
});

it('delivers what was finished before it was killed', async () => {
  const run = await runJava(ECHO);
  for (const body of ['1', 'slow 10000', '3']) void run.queue({ body });
  run.worker.flush();
  await delay(200);

  await run.worker.kill();

  expect(run.answers.map(({ sequence }) => sequence)).toEqual([0]);
  expect(run.worker.revoke()).toBe(2);
});

it('takes back events that a slow one holds up, and never runs them', async () => {
  const run = await runJava(ECHO);
  const slow = run.queue({ body: 'slow 200' });
  for (let i = 1; i <= 20; i += 1) void run.queue({ body: String(i) });
  run.worker.flush();
  await delay(100);

  expect(run.worker.revoke()).toBe(1);
  expect(run.worker.revoke()).toBeUndefined();
  await slow;

  expect((await run.call({ body: 'after' })).body).toBe('after');
  expect(run.answers.map(({ sequence }) => sequence)).toEqual([0, 21]);
});

it('either runs an event or lets it be taken back, however the two meet', async () => {
  const run = await runJava(ECHO);

  expect(await raceWithTakingBack(run, { rounds: 300, events: 200 })).toEqual([]);
});

it('goes on after a handler that leaves its thread interrupted', async () => {
  const run = await runJava(handlerOf('Thread.currentThread().interrupt(); return new Response().setBody(body);'));

  expect([(await run.call({ body: '1' })).body, (await run.call({ body: '2' })).body]).toEqual(['1', '2']);
});

it('leaves no worker behind when the processor is killed, even while a handler hangs', async () => {
  const run = await makeJava(ECHO);
  const program = `
    import { makeJavaWorker } from ${JSON.stringify(join(import.meta.dirname, 'java-worker.ts'))};
    const options = { folder: ${JSON.stringify(run.folder)}, workerId: 0, triggers: [], functionName: 'f', namespace: 'n', concurrency: 1 };
    const worker = makeJavaWorker(options, { answered() {}, exited() {}, acknowledged() {} });
    await worker.start();
    worker.send(0, { trigger: 0, timestamp: 0, method: 'GET', target: '/', head: '', body: Buffer.from('slow 600000') });
    worker.flush();
    setTimeout(() => { console.log(worker.pid); process.kill(process.pid, 'SIGKILL'); }, 200);
  `;
  const ended = await promisify(execFile)(NODE, ['--input-type=module-typescript', '-e', program]).catch((error) => error);
  const pid = Number(ended.stdout);

  expect(pid).toBeGreaterThan(0);
  await vi.waitFor(() => expect(isRunning(pid)).toBe(false), { timeout: 5000 });
});
