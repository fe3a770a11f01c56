import { turnTime } from '../turn-time.ts';
import type { Answer } from './event.ts';
import { InHand } from './in-hand.ts';
import type { Job } from './job.ts';
import { isBefore, nextSequence } from './thread-protocol.ts';
import type { Worker, WorkerListener, WorkerMaker } from './worker.ts';
import type { QualifiedOffset } from './workers.ts';

export interface SlotListener {
  answered(slot: Slot, job: Job, answer: Answer | readonly Answer[]): void;
  /** A worker can take a further job. */
  freed(): void;
  /** The worker ended by itself: jobs that it had begun, and those it had not. */
  exited(slot: Slot, reason: string, jobs: SplitJobs): void;
  acknowledged(offset: QualifiedOffset): void;
}

export interface SplitJobs {
  begun: Job[];
  unbegun: Job[];
}

/** How much of the mean an answer's duration makes up. */
const MEAN_WEIGHT = 0.1;

/** One place for a worker in a pool, with the jobs that the worker has in hand. */
export class Slot {
  readonly index: number;
  /** Microseconds that a job takes, about. */
  mean = 0;
  isReady = false;
  /** Whether jobs are sent before the worker is free for them; not while it has one that takes long. */
  isSwift = true;
  /** performance.now() of the last sign of the worker, or since when it has anything to do. */
  quietSince = 0;
  isDirty = false;
  readonly #make: WorkerMaker;
  readonly #listener: SlotListener;
  readonly #concurrency: number;
  #jobs = new InHand();
  /** Of the jobs in hand the first ones have begun, as many as run at a time. */
  #begun = 0;
  #sequence = 0;
  #worker: Worker | undefined;

  constructor(index: number, make: WorkerMaker, concurrency: number, listener: SlotListener) {
    this.index = index;
    this.#make = make;
    this.#concurrency = concurrency;
    this.#listener = listener;
  }

  get load(): number {
    return this.#jobs.size;
  }

  get worker(): Worker | undefined {
    return this.#worker;
  }

  async start(): Promise<void> {
    const listener: WorkerListener = {
      answered: (sequence, answer) => this.#answered(sequence, answer),
      exited: (reason) => {
        if (worker === this.#worker) this.#listener.exited(this, reason, this.#end());
      },
      streamed: (sequence, isEnded) => this.#streamed(sequence, isEnded),
      acknowledged: (offset) => this.#listener.acknowledged(offset),
    };
    const worker = this.#make(this.index, listener);
    this.#worker = worker;
    await worker.start();
    this.isReady = true;
    this.isSwift = true;
  }

  /** False where the worker has no room for it now. */
  offer(job: Job, now: number): boolean {
    const { event, batch } = job;
    const worker = this.#worker;
    if (worker === undefined || !this.isReady) return false;
    const isSent =
      batch === undefined ? event !== undefined && worker.send(this.#sequence, event) : worker.sendBatch(this.#sequence, batch);
    if (!isSent) return false;
    if (this.#jobs.size === 0) this.quietSince = now;
    this.#jobs.add(this.#sequence, job);
    this.#sequence = nextSequence(this.#sequence);
    this.#noteBegun(now);
    return true;
  }

  /** Takes jobs back that have not begun. */
  takeBack(): Job[] {
    const first = this.#worker?.revoke();
    if (first === undefined) return [];
    const { begun, unbegun } = this.#split(first);
    this.#keep(begun);
    return unbegun.map(([, job]) => job);
  }

  /** Jobs that have run for longer than they may. One that waits for its client, to send or to take a part of a body, does not run. */
  late(now: number, timeoutMs: number): ReadonlySet<Job> {
    const late = new Set<Job>();
    // Of several at a time, the worker may have been given some long before it can begin them.
    const next = this.#concurrency > 1 ? this.#worker?.nextToBegin() : undefined;
    for (const [sequence, job] of this.#jobs) {
      if (job.begunAt === undefined) break;
      if (next !== undefined && !isBefore(sequence, next)) job.begunAt = now;
      else if (job.event?.pieces?.isAwaited === true || job.stream?.isHeldUp === true) job.begunAt = now;
      else if (now - job.begunAt > timeoutMs) late.add(job);
    }
    return late;
  }

  /** An answer that the worker may still give for these goes nowhere. */
  giveUp(jobs: ReadonlySet<Job>, now: number): void {
    for (const [sequence, job] of [...this.#jobs]) if (jobs.has(job)) this.#remove(sequence, job, now);
  }

  /** Ends the worker at once and gives what it had in hand and had not answered. */
  async kill(): Promise<SplitJobs> {
    const worker = this.#worker;
    this.isReady = false;
    await worker?.kill();
    return this.#end();
  }

  #end(): SplitJobs {
    const { begun, unbegun } = this.#split(this.#worker?.revoke());
    this.#keep([]);
    this.#worker = undefined;
    this.isReady = false;
    return { begun: begun.map(([, job]) => job).filter(({ stream }) => stream === undefined), unbegun: unbegun.map(([, job]) => job) };
  }

  /** A worker that cannot tell what it has begun has begun at most as many as it runs at a time. */
  #split(first: number | undefined): Record<'begun' | 'unbegun', [number, Job][]> {
    const jobs = [...this.#jobs];
    const found = first === undefined ? this.#concurrency : jobs.findIndex(([sequence]) => sequence === first);
    const at = found < 0 ? jobs.length : found;
    const unbegun = jobs.slice(at);
    for (const [, job] of unbegun) job.begunAt = undefined;
    return { begun: jobs.slice(0, at), unbegun };
  }

  #keep(jobs: [number, Job][]): void {
    this.#jobs = new InHand();
    for (const [sequence, job] of jobs) this.#jobs.add(sequence, job);
    this.#begun = 0;
    this.#noteBegun(performance.now());
  }

  #remove(sequence: number, job: Job, now: number): void {
    this.#jobs.delete(sequence);
    if (job.begunAt !== undefined) this.#begun -= 1;
    this.#noteBegun(now);
  }

  #noteBegun(now: number): void {
    while (this.#begun < this.#concurrency && this.#begun < this.#jobs.size) {
      const job = this.#jobs.nextToBegin();
      if (job === undefined) return;
      job.begunAt ??= now;
      this.#begun += 1;
    }
  }

  #streamed(sequence: number, isEnded: boolean): void {
    const now = performance.now();
    this.quietSince = now;
    const job = this.#jobs.get(sequence);
    if (job === undefined) return;
    if (!isEnded) {
      if (job.begunAt !== undefined) job.begunAt = now;
      return;
    }
    this.#remove(sequence, job, now);
    this.#listener.freed();
  }

  #answered(sequence: number, answer: Answer | readonly Answer[]): void {
    const job = this.#jobs.get(sequence);
    if (job === undefined) return;
    const now = turnTime();
    this.quietSince = now;
    if ('stream' in answer && answer.stream !== undefined) {
      job.stream = answer.stream;
      job.begunAt = now;
    } else this.#remove(sequence, job, now);
    const { duration = 0 } = 'length' in answer ? (answer[0] ?? {}) : answer;
    this.mean += (duration - this.mean) * MEAN_WEIGHT;
    this.isSwift = true;
    this.#listener.answered(this, job, answer);
  }
}
