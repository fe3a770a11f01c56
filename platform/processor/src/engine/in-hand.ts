import type { Job } from './job.ts';
import { distance, nextSequence } from './thread-protocol.ts';

/** A power of two, so that places go on in order where sequences begin anew. */
const FIRST_PLACES = 256;

/**
 * The jobs that a worker has, by sequence, which rise. They lie in a ring of places: a Map whose entries come and go makes itself a new
 * table all the time, and once it is old each of these tables keeps jobs from being collected until the whole heap is.
 */
export class InHand {
  #places = new Array<Job | undefined>(FIRST_PLACES).fill(undefined);
  /** Sequences of the first place in use and of the first behind the last one. */
  #first = 0;
  #end = 0;
  /** The first that `nextToBegin` has not given. */
  #unbegun = 0;
  /** Begun long ago, while many others came and went. */
  readonly #stragglers = new Map<number, Job>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(sequence: number, job: Job): void {
    if (distance(this.#first, sequence) >= this.#places.length) this.#makeRoom(sequence);
    if (this.#size === this.#stragglers.size) {
      this.#first = sequence;
      this.#unbegun = sequence;
    }
    this.#places[sequence & (this.#places.length - 1)] = job;
    this.#end = nextSequence(sequence);
    this.#size += 1;
  }

  get(sequence: number): Job | undefined {
    if (distance(this.#first, sequence) < distance(this.#first, this.#end)) return this.#places[sequence & (this.#places.length - 1)];
    return this.#stragglers.size === 0 ? undefined : this.#stragglers.get(sequence);
  }

  /** Takes out a job that is there. */
  delete(sequence: number): void {
    this.#size -= 1;
    if (this.#stragglers.size > 0 && this.#stragglers.delete(sequence)) return;
    this.#places[sequence & (this.#places.length - 1)] = undefined;
    this.#skipEmpty();
  }

  /** Gives each job once, in order. */
  nextToBegin(): Job | undefined {
    if (distance(this.#unbegun, this.#first) <= distance(this.#unbegun, this.#end)) this.#unbegun = this.#first;
    while (this.#unbegun !== this.#end) {
      const job = this.#placed(this.#unbegun);
      this.#unbegun = nextSequence(this.#unbegun);
      if (job !== undefined) return job;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<[sequence: number, job: Job]> {
    yield* this.#stragglers;
    for (let sequence = this.#first; sequence !== this.#end; sequence = nextSequence(sequence)) {
      const job = this.#placed(sequence);
      if (job !== undefined) yield [sequence, job];
    }
  }

  /** Until the places reach to a sequence: what has begun and is about to be overtaken steps aside, unless there are too many for that. */
  #makeRoom(sequence: number): void {
    while (this.#size > this.#stragglers.size && distance(this.#first, sequence) >= this.#places.length) {
      const job = this.#placed(this.#first);
      if (job?.begunAt === undefined || this.#size - this.#stragglers.size > this.#places.length / 2) this.#doublePlaces();
      else {
        this.#stragglers.set(this.#first, job);
        this.#places[this.#first & (this.#places.length - 1)] = undefined;
        this.#skipEmpty();
      }
    }
  }

  #doublePlaces(): void {
    const before = this.#places;
    this.#places = new Array<Job | undefined>(before.length * 2).fill(undefined);
    for (let sequence = this.#first; sequence !== this.#end; sequence = nextSequence(sequence)) {
      this.#places[sequence & (this.#places.length - 1)] = before[sequence & (before.length - 1)];
    }
  }

  #skipEmpty(): void {
    while (this.#first !== this.#end && this.#placed(this.#first) === undefined) this.#first = nextSequence(this.#first);
  }

  #placed(sequence: number): Job | undefined {
    return this.#places[sequence & (this.#places.length - 1)];
  }
}
