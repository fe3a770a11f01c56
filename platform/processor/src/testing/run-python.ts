import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Answer, Event, EventAttributes } from '../engine/event.ts';
import type { ProcessWorker } from '../engine/process-worker.ts';
import type { QualifiedOffset } from '../engine/workers.ts';
import type { WorkerOptions } from '../runtime/options.ts';
import { makePythonWorker } from '../runtime/python/python-worker.ts';

/** What of an event a test cares about. */
export interface Sent {
  method?: string;
  target?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  attributes?: EventAttributes;
  trigger?: number;
}

export function eventOf({ method = 'POST', target = '/', headers = {}, body = '', attributes, trigger = 0 }: Sent = {}): Event {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return { trigger, timestamp: Date.UTC(2026, 0, 2, 3, 4, 5, 6), method, target, head: head.join(''), body: Buffer.from(body), attributes };
}

/** A Python worker with what it did so far. */
export class PythonRun {
  readonly worker: ProcessWorker;
  readonly folder: string;
  /** Answers in the order in which they came. */
  readonly answers: { sequence: number; answer: Answer | readonly Answer[] }[] = [];
  readonly acks: QualifiedOffset[] = [];
  readonly exited = Promise.withResolvers<string>();
  readonly #waiting = new Map<number, (answer: Answer | readonly Answer[]) => void>();
  #sequence = 0;

  constructor(folder: string, options: Partial<WorkerOptions>) {
    this.folder = folder;
    const triggers = [
      { index: 0, kind: 'http', name: 'web' },
      { index: 1, kind: 'kafka-cluster', name: 'orders' },
    ];
    const all = { folder, workerId: 3, triggers, functionName: 'f', namespace: 'ns', concurrency: 1, batch: false, ...options };
    this.worker = makePythonWorker(all, {
      answered: (sequence, answer) => {
        this.answers.push({ sequence, answer });
        this.#waiting.get(sequence)?.(answer);
      },
      exited: (reason) => this.exited.resolve(reason),
      acknowledged: (ack) => this.acks.push(ack),
    }) as ProcessWorker;
  }

  /** Sends without a flush. */
  queue(sent: Sent = {}): Promise<Answer> {
    return this.#send((sequence) => this.worker.send(sequence, eventOf(sent))) as Promise<Answer>;
  }

  queueBatch(sent: readonly Sent[]): Promise<readonly Answer[]> {
    return this.#send((sequence) => this.worker.sendBatch(sequence, sent.map(eventOf))) as Promise<readonly Answer[]>;
  }

  async call(sent: Sent = {}) {
    const answer = this.queue(sent);
    this.worker.flush();
    return shownOf(await answer);
  }

  async callBatch(sent: readonly Sent[]) {
    const answers = this.queueBatch(sent);
    this.worker.flush();
    return (await answers).map(shownOf);
  }

  #send(send: (sequence: number) => boolean): Promise<Answer | readonly Answer[]> {
    const sequence = this.#sequence;
    this.#sequence += 1;
    const { promise, resolve } = Promise.withResolvers<Answer | readonly Answer[]>();
    this.#waiting.set(sequence, resolve);
    if (!send(sequence)) throw new Error('The worker has no room');
    return promise;
  }
}

/** Makes a worker from main.py and other files, not started, that ends with the test. */
export async function makePython(files: string | Record<string, string>, options: Partial<WorkerOptions> = {}): Promise<PythonRun> {
  const folder = await mkdtemp(join(tmpdir(), 'python-'));
  const all = typeof files === 'string' ? { 'main.py': files } : files;
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text);
  const run = new PythonRun(folder, options);
  onTestFinished(async () => {
    await run.worker.kill();
    await rm(folder, { recursive: true });
  });
  return run;
}

export async function runPython(files: string | Record<string, string>, options: Partial<WorkerOptions> = {}): Promise<PythonRun> {
  const run = await makePython(files, options);
  await run.worker.start();
  return run;
}

export function shownOf({ status, head, body, duration }: Answer) {
  const lines = head.split('\r\n').filter((line) => line !== '');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  return { status, headers, type: headers['content-type'], body: body.toString(), bytes: Buffer.from(body), duration };
}
