import { type DeadLetter, detailsOf, summaryOf } from './dead-letter.ts';
import { invokerError, notFound } from './errors.ts';
import { type Invocation, queuedInvocation } from './invocation.ts';
import { isTriedAgain, jobSchema } from './job.ts';
import type { Listed } from './listed.ts';
import { isPassing } from './store/failures.ts';
import type { Store } from './store/store.ts';
import { subjects } from './store/streams.ts';

/** What was given up, until somebody has it tried again or removes it. */
export class DeadLetters {
  readonly #store: Store;
  readonly #onJob: (functionName: string) => void;

  constructor(store: Store, onJob: (functionName: string) => void) {
    this.#store = store;
    this.#onJob = onJob;
  }

  /** Those of a function or of all, the newest first. @throws AMP_INVOKER_QUEUE_AWAY */
  async list({ function: functionName, ...range }: Listed) {
    const { items, ...rest } = await this.#store.deadLetters.page({ ...range, subject: subjects.deadLetter(undefined, functionName) });
    return { ...rest, items: items.map(summaryOf) };
  }

  /** @throws AMP_INVOKER_NOT_FOUND */
  async show(id: string) {
    const { head, body } = await this.#get(id);
    return detailsOf(head, body);
  }

  /**
   * Has it tried again under its id, with all its attempts. From when the job is in the queue on it will be done, whatever comes after; what
   * is left can be had done by asking again.
   * @throws AMP_INVOKER_NOT_FOUND, AMP_INVOKER_FINISHED, AMP_INVOKER_FULL
   */
  async redrive(id: string) {
    const { head, body, revision } = await this.#get(id);
    const found = await this.#store.invocation(id);
    // One that is queued was had tried again just before, and its job is in the queue.
    if (found?.head.state !== 'queued') {
      refuseUnlessFailed(head, found?.head);
      const isNew = await this.#store.enqueue(jobSchema.parse(head), body, `${id} ${revision}`);
      if (isNew) await this.#reopen(head, found?.revision ?? 0);
    }
    await this.#store.deadLetters.remove(revision);
    this.#onJob(head.function);
    return { id, state: 'queued' as const };
  }

  /** @throws AMP_INVOKER_NOT_FOUND */
  async remove(id: string): Promise<void> {
    const { revision } = await this.#get(id);
    await this.#store.deadLetters.remove(revision);
  }

  /** The worker may be faster, and does not need it. */
  async #reopen(letter: DeadLetter, revision: number): Promise<void> {
    await this.#store.save(queuedInvocation(letter), { revision }).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
    });
  }

  async #get(id: string) {
    const found = await this.#store.deadLetters.get(subjects.deadLetter(id));
    if (found === undefined) throw notFound('dead letter');
    return found;
  }
}

/** What is known of the invocation may be forgotten by now. It may also have failed anew, of which there will be a dead letter in a moment. */
function refuseUnlessFailed({ failedAt }: DeadLetter, found: Invocation | undefined): void {
  if (found === undefined || isTriedAgain({ failedAt }, found)) return;
  throw invokerError('AMP_INVOKER_FINISHED', {
    what: `The invocation is ${found.state}, and not by what this dead letter tells of`,
    fix: 'Look at the invocation, then remove the dead letter where it is not needed any more.',
  });
}
