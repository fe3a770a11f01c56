import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import { type FunctionStatus, functionSpecSchema } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import type { Endpoint, Endpoints } from './endpoints.ts';
import type { ActivatorMetrics } from './metrics.ts';
import { Refusal } from './refusal.ts';
import type { FindWarmPod } from './warm.ts';

export interface Limits {
  holdMs: number;
  maxHeldPerFunction: number;
  maxHeld: number;
}

export interface WaitingRoomOptions {
  namespace: string;
  functions: Cache<RawObject>;
  endpoints: Endpoints;
  /** Asks for the function's pods; it is asked again when the function is still asleep after. */
  wake: (functionName: string) => Promise<void>;
  /** Looks for a pod that stands in until then; absent where there are none. */
  findWarmPod?: FindWarmPod | undefined;
  limits: Limits;
  metrics: ActivatorMetrics;
  logger: Logger;
}

interface Held {
  /** By `performance.now()`. */
  since: number;
  resolve: (endpoint: Endpoint) => void;
  reject: (refusal: Refusal) => void;
}

const ASLEEP: ReadonlySet<string> = new Set(['scaledToZero', 'waitingForScaleResourceToZero']);
const BROKEN: ReadonlySet<string> = new Set(['error', 'imported']);
/** A function whose pods do not serve is called unhealthy at once, also where they only change places. */
const UNHEALTHY_MS = 2000;
const WAKE_RETRY_MS = 200;

/** Where requests wait for a pod of their function. It looks at how things are whenever something changes, and trusts no order of events. */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #held = new Map<string, Set<Held>>();
  readonly #waking = new Set<string>();
  /** How many pieces of work are under way, by their functions. */
  readonly #busy = new Map<string, number>();
  #count = 0;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
    options.endpoints.onChange((name) => this.#look(name));
    options.functions.onChange(({ metadata }) => this.#look(metadata?.name ?? ''));
  }

  /** How many requests wait. */
  get held(): number {
    return this.#count;
  }

  /** A pod of the function, as soon as one serves. @throws Refusal */
  async find(name: string, signal: AbortSignal): Promise<Endpoint> {
    const { endpoints, limits } = this.#options;
    const state = this.#stateOf(name);
    const endpoint = endpoints.find(name);
    if (endpoint !== undefined) {
      // Somebody decided to put it to sleep, and did not know of this request.
      if (state !== undefined && ASLEEP.has(state)) void this.#wake(name);
      return endpoint;
    }
    const others = this.#held.get(name) ?? new Set<Held>();
    if (others.size >= limits.maxHeldPerFunction || this.#count >= limits.maxHeld) {
      throw new Refusal('full', `Too many requests wait for function ${name}`);
    }
    return this.#hold(name, others, signal);
  }

  /** Wakes the function whenever somebody puts it to sleep before this work has ended. */
  async keepAwake(name: string, work: () => Promise<void>): Promise<void> {
    this.#busy.set(name, (this.#busy.get(name) ?? 0) + 1);
    try {
      await work();
    } finally {
      const left = (this.#busy.get(name) ?? 0) - 1;
      if (left > 0) this.#busy.set(name, left);
      else this.#busy.delete(name);
    }
  }

  async #hold(name: string, others: Set<Held>, signal: AbortSignal): Promise<Endpoint> {
    const { promise, resolve, reject } = Promise.withResolvers<Endpoint>();
    const held: Held = { since: performance.now(), resolve, reject };
    const { holdMs } = this.#options.limits;
    const timer = setTimeout(() => reject(new Refusal('late', `Function ${name} was not ready within ${holdMs / 1000} s`)), holdMs);
    // A timer may be early by a part of a millisecond.
    const recheck = setTimeout(() => this.#look(name), UNHEALTHY_MS + 5);
    const leave = () => reject(new Refusal('unavailable', 'The caller has gone'));
    signal.addEventListener('abort', leave);
    others.add(held);
    this.#held.set(name, others);
    this.#count++;
    try {
      this.#look(name);
      return await promise;
    } finally {
      this.#count--;
      others.delete(held);
      if (others.size === 0 && this.#held.get(name) === others) this.#held.delete(name);
      clearTimeout(timer);
      clearTimeout(recheck);
      signal.removeEventListener('abort', leave);
    }
  }

  /** Does for those who wait for a function what can be done now. */
  #look(name: string): void {
    const isAsleep = ASLEEP.has(this.#stateOf(name) ?? '');
    if (isAsleep && this.#busy.has(name)) void this.#wake(name);
    const waiting = this.#held.get(name);
    if (waiting === undefined) return;
    const { endpoints } = this.#options;
    const refusal = this.#refusalOf(name);
    const isUnhealthy = this.#stateOf(name) === 'unhealthy';
    for (const held of waiting) {
      const endpoint = endpoints.find(name);
      if (endpoint !== undefined) held.resolve(endpoint);
      else if (refusal !== undefined && (!isUnhealthy || performance.now() - held.since >= UNHEALTHY_MS)) held.reject(refusal);
    }
    if (endpoints.find(name) !== undefined || (refusal !== undefined && !isUnhealthy)) return;
    if (isAsleep) void this.#wake(name);
    endpoints.probe(name);
  }

  #refusalOf(name: string): Refusal | undefined {
    const found = this.#find(name);
    if (found === undefined) return new Refusal('unknown', `Function ${name} does not exist`);
    const { state, message } = (found.status ?? {}) as FunctionStatus;
    if (functionSpecSchema.safeParse(found.spec).data?.disable === true) return new Refusal('unavailable', `Function ${name} is disabled`);
    if (!BROKEN.has(state ?? '') && state !== 'unhealthy') return undefined;
    return new Refusal('unavailable', `Function ${name} is in state ${state}${message ? `: ${message}` : ''}`);
  }

  #stateOf(name: string): string | undefined {
    return (this.#find(name)?.status as FunctionStatus | undefined)?.state;
  }

  #find(name: string): RawObject | undefined {
    return this.#options.functions.get(`${this.#options.namespace}/${name}`);
  }

  /** One call for all who wait. What is known here may be old, so an answer of success says nothing: what comes by the watch does. */
  async #wake(name: string): Promise<void> {
    if (this.#waking.has(name)) return;
    this.#waking.add(name);
    const { wake, metrics, logger } = this.#options;
    try {
      // First, since the start of the function's own pod takes the processors of a small machine.
      await this.#lend(name);
      await wake(name);
      metrics.woken();
    } catch (error) {
      logger.warn({ function: name, reason: messageOf(error), retryMs: WAKE_RETRY_MS }, 'a function cannot be woken, trying again');
    }
    await delay(WAKE_RETRY_MS);
    this.#waking.delete(name);
    this.#look(name);
  }

  async #lend(name: string): Promise<void> {
    const { endpoints, findWarmPod, metrics } = this.#options;
    if (findWarmPod === undefined || endpoints.find(name) !== undefined) return;
    const pod = await findWarmPod(name);
    if (pod === undefined) return;
    metrics.lent();
    endpoints.lend(name, pod);
  }
}
