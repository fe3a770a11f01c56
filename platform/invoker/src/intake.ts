import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { endToEnd } from '@ampoule/platform-api/hop-by-hop';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { CallbackGuard } from './callback-guard.ts';
import { callerOf, fingerprintOf, idOfKey, keyBusy, keyReused } from './idempotency.ts';
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

export type Accepted = Pick<Invocation, 'id' | 'state'>;

export interface IntakeOptions {
  store: Store;
  levels: Levels;
  guard: CallbackGuard;
  logger: Logger;
  /** Makes ids of keys. */
  secret: string;
  /** Told of each function that has a new job. */
  onJob: (functionName: string) => void;
}

/** The body's length is that of what was kept, and a proxy's secret was for the proxy. */
const NOT_KEPT: ReadonlySet<string> = new Set([...ownHeaders, 'content-length', 'proxy-authorization']);

/** A request that came at the same moment is soon known. */
const KNOWN_TRIES = 40;
const KNOWN_MS = 50;
/** NATS may be away for a moment. */
const SAVE_TRIES = 3;
const SAVE_AGAIN_MS = 200;

/** Makes invocations of requests. What it has answered for is on the disk. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @throws AMP_INPUT_INVALID, AMP_INVOKER_CALLBACK, AMP_INVOKER_KEY_REUSED, AMP_INVOKER_KEY_BUSY, AMP_INVOKER_FULL, AMP_INVOKER_QUEUE_AWAY */
  async accept(asked: Asked): Promise<Accepted> {
    const { guard, secret, onJob } = this.#options;
    const { function: functionName, key, callback, maxAttempts } = optionsOf(asked.headers);
    if (callback !== undefined) await guard.check(callback);
    const keyed = key === undefined ? {} : { fingerprint: fingerprintOf(asked) };
    const id = key === undefined ? randomUUID() : idOfKey(secret, { functionName, caller: callerOf(asked.headers), key });
    const headers = endToEnd(asked.rawHeaders, NOT_KEPT);
    const job: Job = {
      id,
      function: functionName,
      method: asked.method,
      path: asked.path,
      headers,
      bytes: asked.body.length + asked.path.length + JSON.stringify(headers).length,
      maxAttempts,
      createdAt: new Date().toISOString(),
      ...keyed,
      ...(callback === undefined ? {} : { callback }),
    };
    const known = key === undefined ? undefined : await this.#known(job);
    if (known !== undefined) return known;
    if (!(await this.#keep(job, asked.body))) return this.#knownSoon(job);
    onJob(functionName);
    return { id, state: 'queued' };
  }

  /** Whether it was not kept before. Once the job is in the queue it will be done, whatever comes after. */
  async #keep(job: Job, body: Uint8Array): Promise<boolean> {
    const { levels, store } = this.#options;
    const room = await levels.admit(job.function, job.bytes);
    let isNew: boolean;
    try {
      isNew = await store.enqueue(job, body, job.id);
    } catch (error) {
      // Where NATS does not answer it may be there all the same.
      if (codeOf(error) === 'AMP_INVOKER_FULL') room.givenBack();
      else room.used();
      throw error;
    }
    if (!isNew) {
      room.givenBack();
      return false;
    }
    // What a function has in the queue is counted by what is known of its invocations.
    await this.#makeKnown(job);
    room.used();
    return true;
  }

  /** By this it is found where its key comes again. The worker may be faster, and writes it as well where it could not be written here. */
  async #makeKnown(job: Job): Promise<void> {
    const { store, logger } = this.#options;
    for (let tries = 1; tries <= SAVE_TRIES; tries++) {
      try {
        await store.save(queuedInvocation(job), { revision: 0 });
        return;
      } catch (error) {
        logger.warn({ id: job.id, tries, reason: messageOf(error) }, 'an invocation is queued, but cannot be looked at yet');
        await delay(SAVE_AGAIN_MS);
      }
    }
  }

  /** What became of the first request with this key, where there was one. @throws AMP_INVOKER_KEY_REUSED */
  async #known({ id, function: functionName, fingerprint }: Job): Promise<Accepted | undefined> {
    const { store } = this.#options;
    const found = await store.invocation(id);
    // Dead letters outlive what is known of their invocations.
    const letter = found === undefined ? await store.deadLetters.get(subjects.deadLetter(id, functionName)) : undefined;
    const first = found ?? letter;
    if (first === undefined) return undefined;
    if (first.head.fingerprint !== fingerprint) throw keyReused();
    return { id, state: found?.head.state ?? 'failed' };
  }

  /** What becomes of a request that came a moment before. */
  async #knownSoon(job: Job): Promise<Accepted> {
    for (let tries = 0; tries < KNOWN_TRIES; tries++) {
      const known = await this.#known(job);
      if (known !== undefined) return known;
      await delay(KNOWN_MS);
    }
    throw keyBusy();
  }
}
