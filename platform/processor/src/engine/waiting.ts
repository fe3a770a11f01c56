import type { Job } from './job.ts';
import { Queue } from './queue.ts';

/** Jobs that wait for a worker: for any of them, or for the one that they are bound to, which keep nobody else waiting. */
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

  /** Offers the jobs of each queue until one of them is not taken; of all queues the job that has waited longest comes first. */
  drain(take: (job: Job) => boolean): void {
    if (this.#size === 0) return;
    const open = new Set(this.#queues.filter(({ size }) => size > 0));
    while (open.size > 0) {
      const [queue, job] = longestWaiting(open);
      if (take(job)) {
        queue.shift();
        this.#size -= 1;
        if (queue.size > 0) continue;
      }
      open.delete(queue);
    }
  }

  #queueOf({ worker }: Job): Queue<Job> {
    return this.#queues[worker === undefined ? 0 : worker + 1] as Queue<Job>;
  }
}

/** The queue whose first job has waited longest. None of them is empty. */
function longestWaiting(queues: Iterable<Queue<Job>>): [Queue<Job>, Job] {
  let found: [Queue<Job>, Job] | undefined;
  for (const queue of queues) {
    const job = queue.peek();
    if (job !== undefined && (found === undefined || job.since < found[1].since)) found = [queue, job];
  }
  if (found === undefined) throw new Error('All queues are empty');
  return found;
}
