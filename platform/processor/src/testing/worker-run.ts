import { expect, vi } from 'vitest';
import type { Answer, Event, EventAttributes } from '../engine/event.ts';
import type { Worker, WorkerListener } from '../engine/worker.ts';
import type { QualifiedOffset } from '../engine/workers.ts';
import type { WorkerOptions } from '../runtime/options.ts';

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

/** A worker of whichever runtime with what it did so far. */
export class WorkerRun<Kind extends Worker> {
  readonly worker: Kind;
  readonly folder: string;
  /** Answers in the order in which they came. */
  readonly answers: { sequence: number; answer: Answer | readonly Answer[] }[] = [];
  readonly acks: QualifiedOffset[] = [];
  readonly exited = Promise.withResolvers<string>();
  readonly #waiting = new Map<number, (answer: Answer | readonly Answer[]) => void>();
  #sequence = 0;

  constructor(make: (options: WorkerOptions, listener: WorkerListener) => Kind, folder: string, options: Partial<WorkerOptions>) {
    this.folder = folder;
    const triggers = [
      { index: 0, kind: 'http', name: 'web' },
      { index: 1, kind: 'kafka-cluster', name: 'orders' },
    ];
    const all = { folder, workerId: 3, triggers, functionName: 'f', namespace: 'ns', concurrency: 1, ...options };
    this.worker = make(all, {
      answered: (sequence, answer) => {
        this.answers.push({ sequence, answer });
        this.#waiting.get(sequence)?.(answer);
      },
      streamed: () => undefined,
      exited: (reason) => this.exited.resolve(reason),
      acknowledged: (ack) => this.acks.push(ack),
    });
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

export function shownOf({ status, head, body, duration }: Answer) {
  const lines = head.split('\r\n').filter((line) => line !== '');
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  return { status, headers, type: headers['content-type'], body: body.toString(), bytes: Buffer.from(body), duration };
}

/**
 * Lets a worker begin events and takes them back at the same time, many times over. Gives the events that were lost or that ran in spite of
 * it, by sequence.
 */
export async function raceWithTakingBack(
  run: WorkerRun<Worker>,
  { rounds, events }: { rounds: number; events: number },
): Promise<number[]> {
  const wrong: number[] = [];
  let next = 0;
  for (let round = 0; round < rounds; round += 1) {
    const first = next;
    for (let i = 0; i < events; i += 1) run.worker.send(next++, eventOf({ body: 'x' }));
    run.worker.flush();
    const until = performance.now() + Math.random() * 0.5;
    while (performance.now() < until);
    const taken = run.worker.revoke() ?? next;
    const last = next;
    run.worker.send(next++, eventOf({ body: 'last' }));
    run.worker.flush();
    await vi.waitFor(() => expect(run.answers.at(-1)?.sequence).toBe(last), { interval: 1 });
    const ran = new Set(run.answers.splice(0).map(({ sequence }) => sequence));
    for (let i = first; i < last; i += 1) if (ran.has(i) !== i < taken) wrong.push(i);
  }
  return wrong;
}
