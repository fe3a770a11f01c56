import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { CallbackGuard } from '../callback-guard.ts';
import { DeadLetters } from '../dead-letters.ts';
import { Intake } from '../intake.ts';
import { Invocations } from '../invocations.ts';
import { Levels } from '../levels.ts';
import type { InvokerMetrics } from '../metrics.ts';
import type { Settings } from '../settings.ts';
import { connectStore } from '../store/connect.ts';
import { Store } from '../store/store.ts';
import { streams, subjects } from '../store/streams.ts';
import { Callbacks } from './callbacks.ts';
import { Lanes } from './lanes.ts';
import { Puller } from './puller.ts';
import { Worker } from './worker.ts';

/** Jobs that no invoker knows of are looked for as often: those that one left which has ended. */
const DISCOVER_MS = 10_000;
const RETRY_MS = 500;
const CALLBACKS_AT_A_TIME = 8;

export interface WorkOptions {
  settings: Settings;
  metrics: InvokerMetrics;
  logger: Logger;
}

/** Connects to NATS and does what is in the queue. */
export async function startWork({ settings, logger, metrics }: WorkOptions) {
  const connection = await connectStore(settings);
  const secret = await readFile(settings.tokenFile, 'utf8');
  const store = await persistently(logger, () => Store.open(connection, settings.store));
  void keepStreams(store, logger);
  const { store: limits, callTimeoutMs: timeoutMs, functionUrl, maxResultBytes, backoff, drainMs } = settings;
  const levels = new Levels(store);
  const worker = new Worker({ store, levels, call: { functionUrl, timeoutMs, maxResultBytes }, backoff, metrics, logger });
  const lanes = new Lanes({ manager: store.manager, settings, work: (message) => worker.work(message), logger });
  const open = (functionName: string) => lanes.open(functionName);
  const guard = new CallbackGuard(settings.noCallbacksTo);
  const callbacks = new Callbacks({ store, guard, maxAttempts: settings.callbackAttempts, backoff, metrics, logger });
  const callbackPuller = new Puller({
    manager: store.manager,
    stream: streams.callbacks,
    name: 'callbacks',
    subject: subjects.callback,
    ackWaitMs: limits.ackWaitMs,
    limit: CALLBACKS_AT_A_TIME,
    isEndless: true,
    admit: async () => () => undefined,
    handle: (message) => callbacks.deliver(message),
    onError: (error) => logger.warn({ reason: messageOf(error) }, 'trouble with the queue of callbacks'),
  });
  const calledBack = callbackPuller.run();
  connection.subscribe(subjects.cancel(), {
    callback: (error, message) => {
      if (error === null) worker.abort(message.subject.split('.').at(-1) ?? '');
    },
  });
  const discovery = discover(store, open, logger);

  return {
    connection,
    invocations: new Invocations(store, metrics),
    deadLetters: new DeadLetters(store, open),
    intake: new Intake({ store, levels, guard, logger, secret, onJob: open }),
    metricsText: async () => metrics.text(await levels.read(), worker.running),
    async stop(): Promise<void> {
      discovery.stop();
      worker.stop();
      callbackPuller.stop();
      const limit = setTimeout(() => worker.abortAll(), drainMs);
      await Promise.all([lanes.stop(), calledBack]);
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

function discover(store: Store, open: (functionName: string) => void, logger: Logger) {
  const look = async () => {
    try {
      for (const functionName of (await store.queued()).keys()) open(functionName);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, 'the queue cannot be looked at');
    }
  };
  void look();
  const timer = setInterval(look, DISCOVER_MS);
  return { stop: () => clearInterval(timer) };
}
