import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { CallbackGuard } from '../callback-guard.ts';
import { DeadLetters } from '../dead-letters.ts';
import type { Hosts } from '../hosts.ts';
import { Intake } from '../intake.ts';
import { Invocations } from '../invocations.ts';
import { Levels } from '../levels.ts';
import type { InvokerMetrics } from '../metrics.ts';
import type { Settings } from '../settings.ts';
import { connectStore } from '../store/connect.ts';
import { Store } from '../store/store.ts';
import { streams, subjects } from '../store/streams.ts';
import { CallbackPlaces } from './callback-places.ts';
import { Callbacks } from './callbacks.ts';
import { Lanes } from './lanes.ts';
import { Slots } from './slots.ts';
import { Worker } from './worker.ts';

/** Jobs and callbacks that no invoker knows of are looked for as often: those that one left which has ended. */
const DISCOVER_MS = 10_000;
const RETRY_MS = 500;
/**
 * Who is called back may take long, and must not hold up the callbacks of other functions. Each that is being sent has its result in memory, a
 * mebibyte at most, so those of all places have 64 MiB.
 */
const CALLBACKS = { soon: 16, late: 48, lateMs: 1000, ofFunction: 2 };

export interface WorkOptions {
  settings: Settings;
  metrics: InvokerMetrics;
  logger: Logger;
  /** Of all hosts of the cluster, where there is one. */
  hosts?: Hosts | undefined;
}

/** Connects to NATS and does what is in the queue. */
export async function startWork({ settings, logger, metrics, hosts }: WorkOptions) {
  const connection = await connectStore(settings);
  const secret = (await readFile(settings.tokenFile, 'utf8')).trim();
  const store = await persistently(logger, () => Store.open(connection, settings.store));
  void keepStreams(store, logger);
  const { callTimeoutMs: timeoutMs, functionUrl, maxResultBytes, maxRunning, maxRunningPerFunction, backoff, drainMs } = settings;
  const { manager } = store;
  const { ackWaitMs } = settings.store;
  const levels = new Levels(store);
  const guard = new CallbackGuard({ ...settings.callbacks, ...(hosts === undefined ? {} : { hostAddresses: hosts.addresses }) });
  const callbacks = new Callbacks({ store, guard, maxAttempts: settings.callbackAttempts, backoff, metrics, logger });
  const callbackPlaces = new CallbackPlaces(CALLBACKS);
  const callbackLanes = new Lanes({
    manager,
    stream: streams.callbacks,
    subjectOf: subjects.callback,
    ackWaitMs,
    admit: (functionName) => callbackPlaces.take(functionName),
    maxRunningPerFunction: CALLBACKS.ofFunction,
    work: (message) => callbacks.deliver(message),
    logger,
  });
  // Until it is known where callbacks may go they stay in the queue, where none of their attempts are used up.
  const onCallback = (functionName: string) => {
    if (guard.isReady) callbackLanes.open(functionName);
  };
  const call = { functionUrl, timeoutMs, maxResultBytes };
  const worker = new Worker({ store, levels, onCallback, call, backoff, metrics, logger });
  const slots = new Slots(maxRunning);
  const lanes = new Lanes({
    manager,
    stream: streams.jobs,
    subjectOf: subjects.job,
    ackWaitMs,
    admit: () => slots.take(),
    maxRunningPerFunction,
    work: (message) => worker.work(message),
    logger,
  });
  const onJob = (functionName: string) => lanes.open(functionName);
  connection.subscribe(subjects.cancel(), {
    callback: (error, message) => {
      if (error === null) worker.abort(message.subject.split('.').at(-1) ?? '');
    },
  });
  const discovery = discover(store, { jobs: onJob, callbacks: onCallback }, logger);
  void hosts?.known.then(discovery.look);

  return {
    connection,
    invocations: new Invocations(store, metrics),
    deadLetters: new DeadLetters(store, onJob),
    intake: new Intake({ store, levels, guard, logger, secret, onJob }),
    metricsText: async () => metrics.text(await levels.read(), worker.running),
    async stop(): Promise<void> {
      discovery.stop();
      worker.stop();
      callbacks.stop();
      const limit = setTimeout(() => worker.abortAll(), drainMs);
      await Promise.all([lanes.stop(), callbackLanes.stop()]);
      clearTimeout(limit);
      await connection.drain();
    },
  };
}

/** NATS takes connections a moment before it keeps anything. */
async function persistently<T>(logger: Logger, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      logger.warn({ reason: messageOf(error), retryMs: RETRY_MS }, 'NATS does not keep anything yet, trying again');
      await delay(RETRY_MS);
    }
  }
}

/** Until the connection is closed. */
async function keepStreams(store: Store, logger: Logger): Promise<void> {
  for await (const { type } of store.connection.status()) {
    if (type !== 'reconnect') continue;
    await persistently(logger, async () => {
      if (!store.connection.isClosed() && !store.connection.isDraining()) await store.ensure();
    });
  }
}

type Open = (functionName: string) => void;

function discover(store: Store, open: Record<'jobs' | 'callbacks', Open>, logger: Logger) {
  let isStopped = false;
  const look = async () => {
    if (isStopped) return;
    try {
      for (const queue of ['jobs', 'callbacks'] as const) {
        for (const functionName of (await store.queued(queue)).keys()) open[queue](functionName);
      }
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the queues cannot be looked at');
    }
  };
  void look();
  const timer = setInterval(look, DISCOVER_MS);
  return {
    look,
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}
