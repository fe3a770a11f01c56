import { mapConcurrently } from '@ampoule/lib/concurrent';
import { messageOf } from '@ampoule/lib/errors';
import { type FunctionStatus, functionSpecSchema } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { updateFunction } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { Loop } from '@ampoule/platform-api/kube/loop';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import type { Backlogs } from '@ampoule/platform-processor/triggers/backlog/backlogs';
import type { Desk } from './desk.ts';
import type { BacklogMetrics } from './metrics.ts';
import type { StreamsOfFunctions } from './streams.ts';
import { type Absence, reasonToWake } from './wake-reason.ts';

export interface WakerOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  streams: StreamsOfFunctions;
  desk: Pick<Desk, 'ask' | 'keep'>;
  backlogs: Pick<Backlogs, 'keptForMs'>;
  metrics: BacklogMetrics;
  logger: Logger;
  intervalMs?: number;
}

const USUAL_INTERVAL_MS = 3000;
/** So no more than 50 functions are asked for in a second, however many sleep. */
const MS_PER_FUNCTION = 20;
const LOOKED_AT_AT_ONCE = 64;

/** Wakes functions that sleep when something waits for them at a broker. */
export class Waker {
  readonly #options: WakerOptions;
  readonly #loop: Loop;
  /** Since when nobody can say what waits, by functions and by `performance.now()`. */
  readonly #unknownSince = new Map<string, number>();
  #sleeping = 0;

  constructor(options: WakerOptions) {
    this.#options = options;
    const { logger, intervalMs: usualMs = USUAL_INTERVAL_MS } = options;
    const look = async () => {
      await this.look();
      return Math.max(usualMs, this.#sleeping * MS_PER_FUNCTION);
    };
    this.#loop = new Loop({ look, usualMs, logger, failure: 'functions that sleep cannot be looked at, trying again' });
  }

  /** How many functions sleep that brokers are asked for. */
  get sleeping(): number {
    return this.#sleeping;
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks at all functions that sleep, once. */
  async look(): Promise<void> {
    const { functions, desk } = this.#options;
    const asleep = functions.list().filter((object) => isAsleep(object) && this.#kindsOf(keyOf(object))?.length !== 0);
    const keys = new Set(asleep.map(keyOf));
    this.#sleeping = asleep.length;
    desk.keep(keys, (key) => functions.get(key) !== undefined);
    for (const key of this.#unknownSince.keys()) if (!keys.has(key)) this.#unknownSince.delete(key);
    await mapConcurrently(asleep, LOOKED_AT_AT_ONCE, (object) => this.#lookAt(object));
  }

  /** Undefined where the configuration of the function cannot be read. */
  #kindsOf(key: string): string[] | undefined {
    try {
      const streams = this.#options.streams.of(key);
      return streams && Object.values(streams.triggers).map(({ kind }) => kind);
    } catch {
      return undefined;
    }
  }

  async #lookAt(object: RawObject): Promise<void> {
    const key = keyOf(object);
    const answer = await this.#options.desk.ask(key, 'waker');
    const now = performance.now();
    if (answer !== 'unknown') this.#unknownSince.delete(key);
    else if (!this.#unknownSince.has(key)) this.#unknownSince.set(key, now);
    const unknownMs = now - (this.#unknownSince.get(key) ?? now);
    const reason = reasonToWake({ answer, unknownMs, ...this.#absenceOf(object) });
    if (reason === undefined) return;
    // What is wrong with one is no reason to leave the others asleep.
    await this.#wake(key, reason).catch((error: unknown) => {
      this.#options.logger.warn({ key, reason: messageOf(error) }, 'a function cannot be woken, trying again');
    });
  }

  #absenceOf(object: RawObject): Absence {
    const { backlogs } = this.#options;
    const status = object.status as FunctionStatus | undefined;
    const asleepMs = Date.now() - Date.parse(status?.scaleToZero?.lastScaleEventTime ?? '');
    const kinds = this.#kindsOf(keyOf(object)) ?? [];
    return { asleepMs, keptForMs: Math.min(...kinds.map((kind) => backlogs.keptForMs(kind))) };
  }

  async #wake(key: string, reason: string): Promise<void> {
    const { client, metrics, logger } = this.#options;
    let isWoken = false;
    await updateFunction(client, key, ({ status }) => {
      isWoken = status.state === 'scaledToZero';
      if (!isWoken) return undefined;
      const scaleToZero = { lastScaleEvent: 'scaleFromZeroStarted', lastScaleEventTime: new Date().toISOString() };
      return { status: { state: 'waitingForScaleResourceFromZero', message: '', scaleToZero } };
    });
    if (!isWoken) return;
    metrics.woken();
    logger.info({ key, reason }, 'a function is woken');
  }
}

function isAsleep({ spec, status }: RawObject): boolean {
  if ((status as FunctionStatus | undefined)?.state !== 'scaledToZero') return false;
  return functionSpecSchema.pick({ disable: true }).safeParse(spec).data?.disable !== true;
}
