import type { Job } from './job.ts';
import { Queue } from './queue.ts';

/** Jobs that wait for a worker: for any of them, or for the one that they are bound to. The latter keep nobody else waiting. */
export class Waiting {
  /** For any worker, then for each. */
  readonly #queues: readonly Queue<Job>[];
  #size = 0;

  constructor(workers: number) {
    this.#queues = Array.from({ length: 1 + workers }, () => new Queue<Job>());
  }

  get size(): number {
    return this.#size;
  }

  /** Whether another job comes before this one. */
  isBehind(job: Job): boolean {
    return this.#size > 0 && this.#queueOf(job).size > 0;
  }

  push(job: Job): void {
    this.#queueOf(job).push(job);
    this.#size += 1;
  }

  /** Puts jobs that waited before in front of all others, in their order. */
  putBack(jobs: readonly Job[]): void {
    for (const [queue, group] of Map.groupBy(jobs, (job) => this.#queueOf(job))) queue.unshift(group);
    this.#size += jobs.length;
  }

  /** Offers the first jobs of each queue until one of them is not taken. */
  drain(take: (job: Job) => boolean): void {
    if (this.#size === 0) return;
    for (const queue of this.#queues) {
      for (let job = queue.peek(); job !== undefined && take(job); job = queue.peek()) {
        queue.shift();
        this.#size -= 1;
      }
    }
  }

  #queueOf({ worker }: Job): Queue<Job> {
    return this.#queues[worker === undefined ? 0 : worker + 1] as Queue<Job>;
  }
}
