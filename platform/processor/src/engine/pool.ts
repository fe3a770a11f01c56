import type { Logger } from '../logger.ts';
import { turnTime } from '../turn-time.ts';
import type { Answer, Event } from './event.ts';
import { type Job, refuse } from './job.ts';
import { collect } from './piece-stream.ts';
import { PoolStats } from './pool-stats.ts';
import { restart } from './restart.ts';
import { RetiredSlots } from './retired-slots.ts';
import { Slot, type SplitJobs } from './slot.ts';
import { Waiting } from './waiting.ts';
import { withinLimit } from './within-limit.ts';
import type { WorkerMaker } from './worker.ts';
import type { QualifiedOffset, WorkerSignal, Workers } from './workers.ts';

export interface PoolOptions {
  make: WorkerMaker;
  size: number;
  /** Jobs that a worker runs at a time. */
  concurrency: number;
  /** How long an event waits for a free worker, in milliseconds; 0 means not at all. */
  waitMs: number;
  /** How long a handler may take; unlimited when absent. */
  eventTimeoutMs?: number | undefined;
  logger: Logger;
}

/** Jobs beyond this number are refused at once rather than kept waiting. */
const MAX_WAITING = 16_384;
/** Jobs in the hands of a worker beyond those that it runs, so that it need not wait for the next one. */
const AHEAD = 64;
/** Workers whose jobs take longer on average get nothing ahead. */
const SWIFT_MICROSECONDS = 1000;
const TICK_MS = 10;
/** A worker that has answered nothing for so long gives back what it has not begun. */
const HANGS_MS = 20;
const MAX_COLLECTED_BYTES = 64 << 20;

/** Gives events to workers, and sees to it that each gets an answer: after a crash, a time-out, or a wait that is too long. */
export class Pool implements Workers {
  readonly stats: PoolStats;
  readonly #options: PoolOptions;
  readonly #makeSlot: (index: number) => Slot;
  readonly #slots: Slot[];
  readonly #retired = new RetiredSlots((jobs) => this.#handBack(jobs, () => 'died'));
  readonly #waiting: Waiting;
  readonly #dirty: Slot[] = [];
  readonly #ackListeners: ((offset: QualifiedOffset) => void)[] = [];
  #pending = 0;
  #next = 0;
  #isFlushDue = false;
  #isStopped = false;
  #tick: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.stats = new PoolStats(options.size);
    this.#waiting = new Waiting(options.size);
    const listener = {
      answered: (slot: Slot, job: Job, answer: Answer | readonly Answer[]) => this.#answered(slot, job, answer),
      freed: () => this.#placeWaiting(),
      exited: (slot: Slot, reason: string, jobs: SplitJobs) => this.#exited(slot, reason, jobs),
      acknowledged: (offset: QualifiedOffset) => {
        for (const each of this.#ackListeners) each(offset);
      },
    };
    this.#makeSlot = (index) => new Slot(index, options.make, options.concurrency, listener);
    this.#slots = Array.from({ length: options.size }, (_, i) => this.#makeSlot(i));
  }

  /** Settles when all handlers are loaded. @throws AMP_HANDLER_LOAD, AMP_HANDLER_MISSING */
  async start(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.start()));
  }

  get isReady(): boolean {
    return this.#slots.every(({ isReady }) => isReady);
  }

  get pending(): number {
    return this.#pending;
  }

  submit(event: Event, settle: (answer: Answer) => void): void {
    this.#accept(event, undefined, settle as Job['settle']);
  }

  submitBatch(batch: readonly Event[], settle: (answers: readonly Answer[]) => void): void {
    this.#accept(undefined, batch, settle as Job['settle']);
  }

  async control(kind: WorkerSignal): Promise<void> {
    await Promise.all([...this.#slots, ...this.#retired].map(({ worker }) => worker?.control(kind)));
  }

  onAck(listener: (offset: QualifiedOffset) => void): void {
    this.#ackListeners.push(listener);
  }

  /** Takes nothing new, waits for what is in hand, at most for the given time, then ends the workers. */
  async stop(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    await withinLimit(this.#whenIdle(), limitMs);
    this.#isStopped = true;
    await withinLimit(this.control('terminate'), Math.max(until - performance.now(), 0));
    clearInterval(this.#tick);
    for (const job of this.#takeWaiting(() => true)) this.#refuse(job, 'stopped');
    const ended = await Promise.all([...this.#slots, ...this.#retired].map((slot) => slot.kill()));
    for (const { begun, unbegun } of ended) for (const job of [...begun, ...unbegun]) this.#refuse(job, 'stopped');
  }

  #accept(event: Job['event'], batch: Job['batch'], settle: Job['settle']): void {
    const bound = event === undefined ? batch?.[0]?.worker : event.worker;
    const worker = bound === undefined ? undefined : bound % this.#slots.length;
    const job: Job = {
      event,
      batch,
      worker,
      settle,
      since: turnTime(),
      begunAt: undefined,
      wasAllocated: false,
      stream: undefined,
    };
    this.#pending += 1;
    if (this.#isStopped) {
      this.#refuse(job, 'stopped');
      return;
    }
    this.#tick ??= setInterval(() => this.#watch(), TICK_MS);
    if (!this.#waiting.isBehind(job) && this.#place(job, job.since)) {
      job.wasAllocated = true;
      this.stats.allocatedAtOnce += 1;
    } else if (this.#options.waitMs === 0 || this.#waiting.size >= MAX_WAITING) {
      this.stats.notAllocated += 1;
      this.#refuse(job, 'unavailable');
    } else this.#waiting.push(job);
  }

  /** A free worker first, then one that is soon free. */
  #place(job: Job, now: number): boolean {
    const { concurrency, waitMs } = this.#options;
    const free = this.#find(job, concurrency) ?? (waitMs === 0 ? undefined : this.#find(job, concurrency + AHEAD));
    if (free === undefined || !free.offer(job, now)) return false;
    this.stats.availability += this.#freePercentage();
    if (!free.isDirty) {
      free.isDirty = true;
      this.#dirty.push(free);
    }
    if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      setImmediate(this.#flush);
    }
    return true;
  }

  #freePercentage(): number {
    let free = 0;
    for (const slot of this.#slots) if (slot.load === 0) free += 1;
    return (100 * free) / this.#slots.length;
  }

  #find({ worker }: Job, limit: number): Slot | undefined {
    if (worker !== undefined) {
      const slot = this.#slots[worker];
      return this.#takes(slot, limit) ? slot : undefined;
    }
    for (let i = 0; i < this.#slots.length; i += 1) {
      this.#next = this.#next + 1 >= this.#slots.length ? 0 : this.#next + 1;
      const slot = this.#slots[this.#next];
      if (this.#takes(slot, limit)) return slot;
    }
    return undefined;
  }

  #takes(slot: Slot | undefined, limit: number): slot is Slot {
    if (slot === undefined || !slot.isReady || slot.load >= limit) return false;
    return limit <= this.#options.concurrency || (slot.isSwift && slot.mean < SWIFT_MICROSECONDS);
  }

  /** At the end of a turn of the event loop, so that workers are told once of all events that came in it. */
  #flush = (): void => {
    this.#isFlushDue = false;
    for (const slot of this.#dirty.splice(0)) {
      slot.isDirty = false;
      slot.worker?.flush();
    }
  };

  #answered(slot: Slot, job: Job, given: Answer | readonly Answer[]): void {
    const answer = job.batch === undefined || 'length' in given ? given : job.batch.map(() => given);
    if (job.stream !== undefined && job.event?.takesStream !== true) void this.#settleWhole(job, answer as Answer, slot.index);
    else {
      this.#count(job, answer, slot.index);
      this.#settle(job, answer);
    }
    this.#placeWaiting();
  }

  #placeWaiting(): void {
    if (this.#waiting.size === 0) return;
    const now = performance.now();
    this.#waiting.drain((job) => {
      if (!this.#place(job, now)) return false;
      if (job.wasAllocated) return true;
      job.wasAllocated = true;
      this.stats.allocatedAfterWait += 1;
      this.stats.waited += now - job.since;
      return true;
    });
  }

  /** Takes the first ones out that are as wanted. */
  #takeWaiting(isWanted: (job: Job) => boolean): Job[] {
    const taken: Job[] = [];
    this.#waiting.drain((job) => isWanted(job) && taken.push(job) > 0);
    return taken;
  }

  #exited(slot: Slot, reason: string, jobs: SplitJobs): void {
    this.#options.logger.errorWith('A worker ended by itself', { worker: slot.index, reason, events: jobs.begun.length });
    if (this.#retired.delete(slot)) this.#handBack(jobs, () => 'died');
    else this.#replace(slot, jobs, () => 'died');
  }

  #replace(slot: Slot, jobs: SplitJobs, refusalOf: (job: Job) => 'died' | 'timeout'): void {
    this.stats.restarts += 1;
    this.#handBack(jobs, refusalOf);
    if (!this.#isStopped) void this.#restart(slot);
  }

  /** The jobs that a worker had begun fail with it; the others go to the next one. */
  #handBack({ begun, unbegun }: SplitJobs, refusalOf: (job: Job) => 'died' | 'timeout'): void {
    for (const job of begun) this.#refuse(job, refusalOf(job));
    if (this.#isStopped) {
      for (const job of unbegun) this.#refuse(job, 'stopped');
      return;
    }
    this.#waiting.putBack(unbegun);
    this.#placeWaiting();
  }

  async #restart(slot: Slot): Promise<void> {
    const { logger } = this.#options;
    await restart(slot, { logger, restarted: () => this.#placeWaiting(), isStopped: () => this.#isStopped });
  }

  /** Looks after what no answer tells of: workers that hang, events that have waited too long. */
  #watch(): void {
    const now = performance.now();
    for (const slot of [...this.#slots, ...this.#retired]) this.#watchSlot(slot, now);
    // A worker does not tell when it has room again for what it could not take.
    this.#placeWaiting();
    for (const job of this.#takeWaiting(({ since }) => now - since > this.#options.waitMs)) {
      this.stats.notAllocated += 1;
      this.stats.waited += now - job.since;
      this.#refuse(job, 'unavailable');
    }
    // An answer in pieces is settled when it begins, and may still be late.
    if (this.#pending > 0 || this.#retired.size > 0 || this.#slots.some(({ load }) => load > 0)) return;
    clearInterval(this.#tick);
    this.#tick = undefined;
  }

  #watchSlot(slot: Slot, now: number): void {
    slot.worker?.poll();
    if (slot.load === 0) void this.#retired.end(slot);
    if (slot.load === 0 || !slot.isReady) return;
    const { eventTimeoutMs, concurrency, logger } = this.#options;
    if (now - slot.quietSince > HANGS_MS && slot.load > concurrency && slot.isSwift) {
      slot.isSwift = false;
      this.#waiting.putBack(slot.takeBack());
      this.#placeWaiting();
    }
    if (eventTimeoutMs === undefined) return;
    const late = slot.late(now, eventTimeoutMs);
    if (late.size === 0) return;
    logger.warnWith('A handler timed out; its worker is replaced', { worker: slot.index, eventTimeoutMs });
    if (concurrency > 1) this.#retire(slot, late);
    else void slot.kill().then((jobs) => this.#replace(slot, jobs, (job) => (late.has(job) ? 'timeout' : 'died')));
  }

  /** Fails what is late. The rest of what the worker has begun has its time, while another worker takes its place. */
  #retire(slot: Slot, late: ReadonlySet<Job>): void {
    this.#waiting.putBack(slot.takeBack());
    slot.giveUp(late, performance.now());
    for (const job of late) {
      if (job.stream === undefined) this.#refuse(job, 'timeout');
      else job.stream.breakOff('The handler timed out');
    }
    if (!this.#retired.has(slot)) {
      const next = this.#makeSlot(slot.index);
      this.#slots[slot.index] = next;
      this.#retired.add(slot);
      this.stats.restarts += 1;
      void this.#restart(next);
    }
    void this.#retired.check(slot);
  }

  #refuse(job: Job, refusal: Parameters<typeof refuse>[1]): void {
    this.#pending -= 1;
    this.#count(job, refuse(job, refusal), undefined);
    this.#noteIdle();
  }

  /** For a trigger that cannot pass on pieces. */
  async #settleWhole(job: Job, { stream, ...answer }: Answer, worker: number): Promise<void> {
    const body = stream === undefined ? undefined : await collect(stream, MAX_COLLECTED_BYTES);
    if (body === undefined) {
      this.#refuse(job, 'died');
      return;
    }
    this.#count(job, answer, worker);
    this.#settle(job, { ...answer, body });
  }

  #settle(job: Job, answer: Answer | readonly Answer[]): void {
    this.#pending -= 1;
    job.settle(answer);
    this.#noteIdle();
  }

  #count({ event, batch }: Job, answer: Answer | readonly Answer[], worker: number | undefined): void {
    if (event !== undefined) this.stats.countAnswer(event.trigger, answer as Answer, worker);
    else for (const [i, each] of (answer as readonly Answer[]).entries()) this.stats.countAnswer(batch?.[i]?.trigger ?? 0, each, worker);
  }

  #whenIdle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #noteIdle(): void {
    if (this.#pending === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
