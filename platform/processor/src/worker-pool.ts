import { processorError } from './errors.ts';
import type { Event } from './event.ts';
import type { Answer } from './runtime/response.ts';
import type { Runtime } from './runtime/runtime.ts';

export interface WorkerPoolOptions {
  runtimes: readonly Runtime[];
  /** How long an event waits for a free worker; 0 means not at all. */
  waitMs: number;
  /** How long a handler may take; unlimited when absent. */
  eventTimeoutMs?: number | undefined;
  /** Events beyond this number are refused at once rather than kept waiting. */
  maxWaiting?: number;
}

interface Waiter {
  resolve(runtime: Runtime): void;
  timer: NodeJS.Timeout;
}

/** Gives each event to a free worker; a worker has one event at a time. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #maxWaiting: number;
  readonly #free: Runtime[];
  readonly #waiting = new Set<Waiter>();

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? 4096;
    this.#free = [...options.runtimes];
  }

  /** @throws AMP_WORKER_UNAVAILABLE, AMP_EVENT_TIMEOUT */
  async submit(event: Event): Promise<Answer> {
    const runtime = this.#free.pop() ?? (await this.#wait());
    try {
      const { eventTimeoutMs } = this.#options;
      return eventTimeoutMs === undefined ? await runtime.handle(event) : await withTimeout(runtime.handle(event), eventTimeoutMs);
    } finally {
      this.#release(runtime);
    }
  }

  #wait(): Promise<Runtime> {
    const { waitMs } = this.#options;
    if (waitMs === 0 || this.#waiting.size >= this.#maxWaiting) return Promise.reject(unavailable());
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        timer: setTimeout(() => {
          this.#waiting.delete(waiter);
          reject(unavailable());
        }, waitMs),
      };
      this.#waiting.add(waiter);
    });
  }

  #release(runtime: Runtime): void {
    const [waiter] = this.#waiting;
    if (waiter === undefined) {
      this.#free.push(runtime);
      return;
    }
    this.#waiting.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.resolve(runtime);
  }
}

function withTimeout(answer: Promise<Answer>, milliseconds: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(
        processorError('AMP_EVENT_TIMEOUT', {
          what: `The handler did not answer within ${milliseconds} ms`,
          fix: 'Raise spec.eventTimeout, or make the handler faster.',
        }),
      );
    }, milliseconds);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}

function unavailable() {
  return processorError('AMP_WORKER_UNAVAILABLE', {
    what: 'No available workers',
    fix: "Raise the trigger's numWorkers, or the function's replicas.",
  });
}
