import type { JetStreamClient } from '@nats-io/jetstream';
import type * as z from 'zod';
import { isStale, storeFailure } from './failures.ts';
import { headersWith, headOf } from './message.ts';
import { type Page, type PageOptions, pageOf } from './page.ts';
import type { PullFrom } from './pull.ts';

export interface Entry<Head> {
  head: Head;
  body: Uint8Array;
  /** What a change of it has to name. */
  revision: number;
}

export interface Change<Head> {
  head: Head;
  body?: Uint8Array;
  /** Written only if nobody else wrote since; 0 where there must be nothing yet, absent where it does not matter. */
  revision?: number;
  /** Forgotten after so long; kept when absent. */
  keepSeconds?: number;
}

const EMPTY = new Uint8Array();

/** The last message of each subject of a stream, as NATS' own key-value buckets are made. */
export class Bucket<Schema extends z.ZodType<object>> {
  readonly #client: JetStreamClient;
  readonly #from: PullFrom;
  readonly #schema: Schema;

  constructor(from: PullFrom, schema: Schema) {
    this.#client = from.manager.jetstream();
    this.#from = from;
    this.#schema = schema;
  }

  /** The entry at a subject, which may have wildcards where only one can fit. @throws AMP_INVOKER_QUEUE_AWAY */
  async get(subject: string): Promise<Entry<z.output<Schema>> | undefined> {
    const found = await this.#from.manager.streams.getMessage(this.#from.stream, { last_by_subj: subject }).catch((error: unknown) => {
      throw storeFailure(error);
    });
    if (found === null) return undefined;
    return { head: headOf(this.#schema, found.header), body: found.data, revision: found.seq };
  }

  /** Writes an entry and gives its revision; undefined where somebody else was faster. @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async put(subject: string, { head, body = EMPTY, revision, keepSeconds }: Change<z.output<Schema>>): Promise<number | undefined> {
    try {
      const { seq } = await this.#client.publish(subject, body, {
        headers: headersWith(head),
        ...(revision === undefined ? {} : { expect: { lastSubjectSequence: revision } }),
        ...(keepSeconds === undefined ? {} : { ttl: `${keepSeconds}s` }),
      });
      return seq;
    } catch (error) {
      if (isStale(error)) return undefined;
      throw storeFailure(error);
    }
  }

  /** Removes an entry that has not been changed since. @throws AMP_INVOKER_QUEUE_AWAY */
  async remove(revision: number): Promise<void> {
    try {
      await this.#from.manager.streams.deleteMessage(this.#from.stream, revision);
    } catch (error) {
      const stillThere = await this.#from.manager.streams.getMessage(this.#from.stream, { seq: revision }).catch(() => undefined);
      if (stillThere !== null) throw storeFailure(error);
    }
  }

  /** What is known of the entries at such subjects, without their bodies: a page, with what was written last first. @throws AMP_INVOKER_QUEUE_AWAY */
  async page(options: PageOptions): Promise<Page<z.output<Schema>>> {
    const { items, ...rest } = await pageOf(this.#from, options).catch((error: unknown) => {
      throw storeFailure(error);
    });
    return { ...rest, items: items.map(({ headers }) => headOf(this.#schema, headers)) };
  }
}
