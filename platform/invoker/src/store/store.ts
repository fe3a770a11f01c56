import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod';
import { deadLetterSchema } from '../dead-letter.ts';
import { type Invocation, invocationSchema } from '../invocation.ts';
import type { Job } from '../job.ts';
import type { Settings } from '../settings.ts';
import { Bucket, type Entry } from './bucket.ts';
import { storeFailure } from './failures.ts';
import { headersWith } from './message.ts';
import { ensureStreams, functionOfJobs, streams, subjects } from './streams.ts';

const keySchema = z.object({ id: z.uuid() });

/** Everything that the invoker keeps, all of it in NATS. */
export class Store {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly states: Bucket<typeof invocationSchema>;
  readonly deadLetters: Bucket<typeof deadLetterSchema>;
  readonly keys: Bucket<typeof keySchema>;
  readonly #keepSeconds: number;

  private constructor(connection: NatsConnection, manager: JetStreamManager, keepSeconds: number) {
    this.connection = connection;
    this.manager = manager;
    this.#keepSeconds = keepSeconds;
    this.states = new Bucket(manager, streams.states, invocationSchema);
    this.deadLetters = new Bucket(manager, streams.deadLetters, deadLetterSchema);
    this.keys = new Bucket(manager, streams.keys, keySchema);
  }

  static async open(connection: NatsConnection, limits: Settings['store']): Promise<Store> {
    const manager = await jetstreamManager(connection);
    await ensureStreams(manager, limits);
    return new Store(connection, manager, limits.keepSeconds);
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async invocation(id: string): Promise<Entry<Invocation> | undefined> {
    return this.states.get(subjects.state(id));
  }

  /** Writes what is known of an invocation, as `Bucket.put`. What has ended is forgotten after a day; all else is kept. */
  async save(head: Invocation, { body, revision }: { body?: Uint8Array; revision: number }): Promise<number | undefined> {
    return this.states.put(subjects.state(head.id, head.function), {
      head,
      revision,
      ...(body === undefined ? {} : { body }),
      ...(head.finishedAt === undefined ? {} : { keepSeconds: this.#keepSeconds }),
    });
  }

  /** Puts a job into the queue. The same message id is taken once in some minutes. @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async enqueue(job: Job, body: Uint8Array, messageId: string): Promise<void> {
    try {
      await this.manager.jetstream().publish(subjects.job(job.function), body, { headers: headersWith(job), msgID: messageId });
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** Has the result of an invocation sent to where its caller wants it. @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async enqueueCallback({ id, finishedAt = '' }: Invocation): Promise<void> {
    try {
      await this.manager.jetstream().publish(subjects.callback, id, { msgID: `${id} ${finishedAt}` });
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** The functions that have jobs, and how many. */
  async queued(): Promise<Map<string, number>> {
    const { state } = await this.manager.streams.info(streams.jobs, { subjects_filter: subjects.job() });
    return new Map(Object.entries(state.subjects ?? {}).map(([subject, count]) => [functionOfJobs(subject), count]));
  }
}
