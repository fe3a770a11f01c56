import { type DeadLetter, detailsOf, summaryOf } from './dead-letter.ts';
import { invokerError, notFound } from './errors.ts';
import { queuedInvocation } from './invocation.ts';
import { jobSchema } from './job.ts';
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

  /** The newest first. */
  async list(functionName: string | undefined, most: number) {
    const all = await this.#store.deadLetters.list(subjects.deadLetter(undefined, functionName));
    return all.reverse().slice(0, most).map(summaryOf);
  }

  /** @throws AMP_INVOKER_NOT_FOUND */
  async show(id: string) {
    const { head, body } = await this.#get(id);
    return detailsOf(head, body);
  }

  /** Has it tried again under its id, with all its attempts. @throws AMP_INVOKER_NOT_FOUND, AMP_INVOKER_FULL */
  async redrive(id: string) {
    const { head, body, revision } = await this.#get(id);
    await this.#reopen(head);
    // If the invoker ends before the dead letter is removed, it can be had tried again; a job that is done already is not done twice.
    await this.#store.enqueue(jobSchema.parse(head), body, `${id} ${revision}`);
    await this.#store.deadLetters.remove(revision);
    this.#onJob(head.function);
    return { id, state: 'queued' as const };
  }

  /** @throws AMP_INVOKER_NOT_FOUND */
  async remove(id: string): Promise<void> {
    const { revision } = await this.#get(id);
    await this.#store.deadLetters.remove(revision);
  }

  /** What is known of the invocation may be forgotten by now. */
  async #reopen(letter: DeadLetter): Promise<void> {
    const found = await this.#store.invocation(letter.id);
    const isOver = found === undefined || found.head.state === 'failed' || found.head.state === 'queued';
    const saved = isOver ? await this.#store.save(queuedInvocation(letter), { revision: found?.revision ?? 0 }) : undefined;
    if (saved !== undefined) return;
    throw invokerError('AMP_INVOKER_FINISHED', {
      what: `The invocation is ${found?.head.state ?? 'changing'}, not failed`,
      fix: 'Look at the invocation, then remove the dead letter where it is not needed any more.',
    });
  }

  async #get(id: string) {
    const found = await this.#store.deadLetters.get(subjects.deadLetter(id));
    if (found === undefined) throw notFound('dead letter');
    return found;
  }
}
