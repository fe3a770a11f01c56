import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { CallbackMessage } from '../callback.ts';
import { deadLetterSchema } from '../dead-letter.ts';
import { type Invocation, invocationSchema, queuedBytesOf } from '../invocation.ts';
import type { Job } from '../job.ts';
import type { Settings } from '../settings.ts';
import { Bucket, type Entry } from './bucket.ts';
import { storeFailure } from './failures.ts';
import { headersWith, headOf } from './message.ts';
import type { PullFrom } from './pull.ts';
import { bytesAt, headersAt } from './size.ts';
import { ensureStreams, functionOf, streams, subjects } from './streams.ts';

/** Everything that the invoker keeps, all of it in NATS. */
export class Store {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly states: Bucket<typeof invocationSchema>;
  readonly deadLetters: Bucket<typeof deadLetterSchema>;
  readonly #limits: Settings['store'];

  private constructor(connection: NatsConnection, manager: JetStreamManager, limits: Settings['store']) {
    this.connection = connection;
    this.manager = manager;
    this.#limits = limits;
    this.states = new Bucket(this.#from(streams.states), invocationSchema);
    this.deadLetters = new Bucket(this.#from(streams.deadLetters), deadLetterSchema);
  }

  static async open(connection: NatsConnection, limits: Settings['store']): Promise<Store> {
    const store = new Store(connection, await jetstreamManager(connection), limits);
    await store.ensure();
    return store;
  }

  /** Makes what is missing of the streams: at the start, and where NATS comes back on another disk. */
  async ensure(): Promise<void> {
    await ensureStreams(this.manager, this.#limits);
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async invocation(id: string): Promise<Entry<Invocation> | undefined> {
    return this.states.get(subjects.state(id));
  }

  /** Writes what is known of an invocation, as `Bucket.put`. What has ended is forgotten after a day where nothing holds it; all else is kept. */
  async save(head: Invocation, { body, revision }: { body?: Uint8Array; revision: number }): Promise<number | undefined> {
    return this.states.put(subjects.state(head.id, head.function), {
      head,
      revision,
      ...(body === undefined ? {} : { body }),
      ...(head.finishedAt === undefined || head.isHeld ? {} : { keepSeconds: this.#limits.keepSeconds }),
    });
  }

  /** Puts a job into the queue, unless one of the same message id was put there in the last minutes. @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async enqueue(job: Job, body: Uint8Array, msgID: string): Promise<boolean> {
    try {
      const { duplicate } = await this.manager.jetstream().publish(subjects.job(job.function), body, { headers: headersWith(job), msgID });
      return !duplicate;
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** Has the result of an invocation sent to where its caller wants it, or noted that it was. @throws AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async enqueueCallback(functionName: string, { id, finishedAt = '', sent }: CallbackMessage): Promise<void> {
    try {
      const msgID = `${id} ${finishedAt}${sent === undefined ? '' : ' sent'}`;
      await this.manager
        .jetstream()
        .publish(subjects.callback(functionName), undefined, { headers: headersWith({ id, finishedAt, sent }), msgID });
    } catch (error) {
      throw storeFailure(error);
    }
  }

  /** What a function has in each store. That of the queue is added up from what is known of its invocations: nobody but its lane may read the queue. */
  readonly bytesOf = {
    jobs: (functionName: string) => this.#measured(this.#queuedBytes(functionName)),
    states: (functionName: string) => this.#measured(bytesAt(this.#from(streams.states), subjects.state(undefined, functionName))),
    deadLetters: (functionName: string) =>
      this.#measured(bytesAt(this.#from(streams.deadLetters), subjects.deadLetter(undefined, functionName))),
  } as const;

  async #queuedBytes(functionName: string): Promise<number> {
    let bytes = 0;
    for await (const headers of headersAt(this.#from(streams.states), subjects.state(undefined, functionName))) {
      bytes += queuedBytesOf(headOf(invocationSchema, headers));
    }
    return bytes;
  }

  #from(stream: string): PullFrom {
    return { connection: this.connection, manager: this.manager, stream };
  }

  /** @throws AMP_INVOKER_QUEUE_AWAY */
  async #measured(bytes: Promise<number>): Promise<number> {
    return bytes.catch((error: unknown) => {
      throw storeFailure(error);
    });
  }

  /** The functions that have jobs, or callbacks, and how many. */
  async queued(queue: 'jobs' | 'callbacks'): Promise<Map<string, number>> {
    const { state } = await this.manager.streams.info(streams[queue], { subjects_filter: '>' });
    return new Map(Object.entries(state.subjects ?? {}).map(([subject, count]) => [functionOf(subject), count]));
  }
}
