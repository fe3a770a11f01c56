import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { NatsConnection } from '@nats-io/transport-node';
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
  const store = await openStore(connection, settings, logger);
  const { store: limits, callTimeoutMs: timeoutMs, functionUrl, maxResultBytes, backoff, drainMs } = settings;
  const levels = new Levels(store);
  const worker = new Worker({ store, call: { functionUrl, timeoutMs, maxResultBytes }, backoff, metrics, logger });
  const lanes = new Lanes({ manager: store.manager, settings, work: (message) => worker.work(message), logger });
  const open = (functionName: string) => lanes.open(functionName);
  const callbacks = new Callbacks({ store, maxAttempts: settings.callbackAttempts, backoff, metrics, logger });
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
    intake: new Intake({ store, levels, logger, onJob: open }),
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
async function openStore(connection: NatsConnection, { store }: Settings, logger: Logger): Promise<Store> {
  for (;;) {
    try {
      return await Store.open(connection, store);
    } catch (error) {
      logger.warn({ reason: messageOf(error), retryMs: RETRY_MS }, 'NATS does not keep anything yet, trying again');
      await delay(RETRY_MS);
    }
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
