import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { messageOf } from '@ampoule/lib/errors';
import { endToEnd } from '@ampoule/platform-api/hop-by-hop';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { type Invocation, queuedInvocation } from './invocation.ts';
import type { Job } from './job.ts';
import type { Levels } from './levels.ts';
import { optionsOf, ownHeaders } from './options.ts';
import type { Store } from './store/store.ts';
import { subjects } from './store/streams.ts';

/** A request as it came. */
export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  rawHeaders: readonly string[];
  body: Uint8Array;
}

export interface IntakeOptions {
  store: Store;
  levels: Levels;
  logger: Logger;
  /** Told of each function that has a new job. */
  onJob: (functionName: string) => void;
}

/** The body's length is that of what was kept. */
const NOT_KEPT: ReadonlySet<string> = new Set([...ownHeaders, 'content-length']);

/** Makes invocations of requests. What it has answered for is on the disk. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @throws AMP_INPUT_INVALID, AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async accept(asked: Asked): Promise<Pick<Invocation, 'id' | 'state'>> {
    const { store, levels, onJob } = this.#options;
    const { function: functionName, key, callback, maxAttempts } = optionsOf(asked.headers);
    const id = key === undefined ? randomUUID() : await this.#idOf(functionName, key);
    const known = key === undefined ? undefined : await store.invocation(id);
    if (known !== undefined) return { id, state: known.head.state };
    await levels.refuseWhenFull();
    const job: Job = {
      id,
      function: functionName,
      method: asked.method,
      path: asked.path,
      headers: endToEnd(asked.rawHeaders, NOT_KEPT),
      maxAttempts,
      createdAt: new Date().toISOString(),
      ...(callback === undefined ? {} : { callback }),
    };
    await this.#keep(job, asked.body);
    onJob(functionName);
    return { id, state: 'queued' };
  }

  /**
   * Once the job is in the queue it will be done, whatever comes after. What is known of it can be written by the worker as well, which
   * may be faster; and who comes again with the same key gets the same id.
   */
  async #keep(job: Job, body: Uint8Array): Promise<void> {
    const { store, logger } = this.#options;
    await store.enqueue(job, body, job.id);
    await store.save(queuedInvocation(job), { revision: 0 }).catch((error: unknown) => {
      logger.warn({ id: job.id, reason: messageOf(error) }, 'an invocation is queued, but cannot be looked at yet');
    });
  }

  /** The id that belongs to a key: a new one, or that of the first request which had it. */
  async #idOf(functionName: string, key: string): Promise<string> {
    const { keys } = this.#options.store;
    const subject = subjects.key(createHash('sha256').update(key).digest('hex'), functionName);
    for (;;) {
      const found = await keys.get(subject);
      if (found !== undefined) return found.head.id;
      const id = randomUUID();
      if ((await keys.put(subject, { head: { id }, revision: 0 })) !== undefined) return id;
    }
  }
}
