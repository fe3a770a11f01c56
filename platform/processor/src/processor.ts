import { defaults, paths, ports } from '@ampoule/platform-api/constants';
import type { FunctionConfig } from '@ampoule/platform-api/function';
import { addressOf, type PlatformConfig } from './config.ts';
import type { Workers } from './engine/workers.ts';
import { Logger } from './logger.ts';
import { TriggerMetrics } from './metrics/trigger-metrics.ts';
import { makePools, type NamedTrigger, triggersOf } from './pools.ts';
import { StatusServer } from './status-server.ts';
import { HttpTrigger } from './triggers/http/http.ts';
import { triggerMakerOf } from './triggers/makers.ts';
import type { Trigger } from './triggers/trigger.ts';

export interface ProcessorOptions {
  config: FunctionConfig;
  platform: PlatformConfig;
  logger?: Logger;
  /** Where the handler's code lies. */
  folder?: string;
}

export interface Processor {
  httpPort: number;
  healthPort: number | undefined;
  /** Answers what is in hand, at most for the given time in milliseconds. */
  stop(limitMs: number): Promise<void>;
}

/** Starts a function: workers and health, then triggers. It listens when it can answer. */
export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const { config, platform, logger = new Logger('processor'), folder = paths.handlers } = options;
  const named = triggersOf(config);
  const pools = await makePools(named, { config, folder, logger });
  const distinct = [...new Set(pools.values())];
  let hasStarted = false;
  const isReady = () => hasStarted && distinct.every((pool) => pool.isReady);
  const health = new StatusServer({ '/live': () => true, '/ready': isReady });
  const workersStarted = Promise.all(distinct.map((pool) => pool.start()));
  const healthPort = platform.healthCheck.enabled ? await health.start(addressOf(platform.healthCheck.listenAddress)) : undefined;
  await workersStarted;
  const triggers = await Promise.all(named.map((each) => makeTrigger(each, poolOf(each, pools), { config, logger })));
  await Promise.all(triggers.map((trigger) => trigger.start()));
  const http = triggers.find((trigger) => trigger instanceof HttpTrigger);
  const probe = new StatusServer({ [paths.health]: () => true });
  const httpPort = http?.port ?? (await probe.start({ host: '0.0.0.0', port: ports.http }));
  hasStarted = true;
  return {
    httpPort,
    healthPort,
    async stop(limitMs) {
      hasStarted = false;
      const until = performance.now() + limitMs;
      await Promise.all(triggers.map((trigger) => trigger.stop(limitMs)));
      await Promise.all(distinct.map((pool) => pool.stop(Math.max(until - performance.now(), 0))));
      await probe.stop();
      await health.stop();
    },
  };
}

function poolOf<Pool>(trigger: NamedTrigger, pools: Map<NamedTrigger, Pool>): Pool {
  const pool = pools.get(trigger);
  if (pool === undefined) throw new Error(`Trigger ${trigger.info.name} has no workers`);
  return pool;
}

async function makeTrigger(
  { info, config: trigger }: NamedTrigger,
  workers: Workers,
  { config, logger }: { config: FunctionConfig; logger: Logger },
): Promise<Trigger> {
  const make = await triggerMakerOf(info.kind, info.name);
  return make({
    index: info.index,
    name: info.name,
    config: trigger,
    workers,
    logger,
    metrics: new TriggerMetrics(),
    namespace: config.metadata.namespace ?? defaults.namespace,
    functionName: config.metadata.name,
  });
}
