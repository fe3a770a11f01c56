import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { JetStreamManager, JsMsg } from '@nats-io/jetstream';
import { Puller } from './puller.ts';

export interface LanesOptions {
  manager: JetStreamManager;
  /** A work queue, and where in it that of a function lies. */
  stream: string;
  subjectOf: (functionName: string) => string;
  ackWaitMs: number;
  /** Waits for a place, which all functions share; what it gives is called when the place is free again. */
  admit: (functionName: string) => Promise<() => void>;
  /** At a time, of one function. */
  maxRunningPerFunction: number;
  work: (message: JsMsg) => Promise<void>;
  logger: Logger;
}

/**
 * A lane for each function that has jobs, or callbacks, with a consumer of its own, so that those of a slow function are not in the way of
 * others. All lanes share the places; a lane waits for one of them with one message at a time, so each gets its turn.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, { puller: Puller; done: Promise<void> }>();
  #isStopping = false;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** A function has a new message. */
  open(functionName: string): void {
    if (this.#isStopping) return;
    const lane = this.#lanes.get(functionName);
    if (lane === undefined) this.#lanes.set(functionName, this.#start(functionName));
    else lane.puller.poke();
  }

  /** Settles when all in hand is done. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const lanes = [...this.#lanes.values()];
    for (const { puller } of lanes) puller.stop();
    await Promise.all(lanes.map(({ done }) => done));
  }

  #start(functionName: string) {
    const { manager, stream, subjectOf, ackWaitMs, admit, maxRunningPerFunction, work, logger } = this.#options;
    const puller = new Puller({
      manager,
      stream,
      // Neither part can have an underscore.
      name: functionName.replace('/', '_'),
      subject: subjectOf(functionName),
      ackWaitMs,
      limit: maxRunningPerFunction,
      admit: () => admit(functionName),
      handle: work,
      onError: (error) => logger.warn({ function: functionName, stream, reason: messageOf(error) }, 'trouble with the queue of a function'),
    });
    const done = puller.run().then(() => {
      this.#lanes.delete(functionName);
    });
    return { puller, done };
  }
}
