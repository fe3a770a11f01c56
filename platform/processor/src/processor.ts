import { messageOf } from '@ampoule/lib/errors';
import { defaults, labels, paths, ports } from '@ampoule/platform-api/constants';
import type { AdminTrigger } from './admin/answers.ts';
import { adminServer } from './admin/server.ts';
import { addressOf, type PlatformConfig } from './config.ts';
import type { Pool } from './engine/pool.ts';
import type { FunctionConfig } from './function-config.ts';
import { Logger } from './logger.ts';
import { type CommonLabels, familiesOf } from './metrics/families.ts';
import { metricsServer, pullSinkOf } from './metrics/sink.ts';
import { TriggerMetrics } from './metrics/trigger-metrics.ts';
import { eventTimeoutOf, makePools, type NamedTrigger, triggersOf } from './pools.ts';
import { streamsRequestsOf } from './runtime/stream-requests.ts';
import { StatusServer } from './status-server.ts';
import { tracingSettingsOf } from './tracing/settings.ts';
import type { Tracing } from './tracing/tracing.ts';
import { CloudEventWorkers } from './triggers/cloudevents/workers.ts';
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
  adminPort: number | undefined;
  metricsPort: number | undefined;
  /** Answers what is in hand, at most for the given time in milliseconds. */
  stop(limitMs: number): Promise<void>;
}

/** How long the last spans may take on their way. */
const LAST_SPANS_MS = 2000;

/** Starts a function: workers and health, then triggers. It listens when it can answer. */
export async function startProcessor(options: ProcessorOptions): Promise<Processor> {
  const { config, platform, logger = new Logger('processor'), folder = paths.handlers } = options;
  const named = triggersOf(config);
  const pools = await makePools(named, { config, folder, logger });
  const tracing = await makeTracing(options, logger);
  const distinct = [...new Set(pools.values())];
  let hasStarted = false;
  const isReady = () => hasStarted && distinct.every((pool) => pool.isReady);
  const health = new StatusServer({ '/live': () => true, '/ready': isReady });
  const workersStarted = Promise.all(distinct.map((pool) => pool.start()));
  const [healthPort, made] = await Promise.all([
    platform.healthCheck.enabled ? health.start(addressOf(platform.healthCheck.listenAddress)) : undefined,
    Promise.all(named.map((each) => makeTrigger(each, poolOf(each, pools), { config, logger, tracing }))),
    workersStarted,
  ]);
  await Promise.all(made.map(({ trigger }) => trigger.start()));
  const http = made.map(({ trigger }) => trigger).find((trigger) => trigger instanceof HttpTrigger);
  const probe = new StatusServer({ [paths.health]: () => true });
  const httpPort = http?.port ?? (await probe.start({ host: undefined, port: ports.http }));
  const { metricsPort, stopMetrics } = await startMetrics(made, { config, platform, tracing });
  hasStarted = true;
  const { adminPort, stopAdmin } = await startAdmin(made, { platform, logger });
  return {
    httpPort,
    healthPort,
    adminPort,
    metricsPort,
    async stop(limitMs) {
      hasStarted = false;
      const until = performance.now() + limitMs;
      await Promise.all(made.map(({ trigger }) => trigger.stop(limitMs)));
      await Promise.all(distinct.map((pool) => pool.stop(Math.max(until - performance.now(), 0))));
      await tracing?.stop(LAST_SPANS_MS);
      await Promise.all([probe.stop(), health.stop(), stopAdmin(), stopMetrics()]);
    },
  };
}

async function makeTracing({ config, platform }: ProcessorOptions, logger: Logger): Promise<Tracing | undefined> {
  const settings = tracingSettingsOf(platform, process.env);
  if (settings === undefined) return undefined;
  const { Tracing } = await import('./tracing/tracing.ts');
  const { name: functionName, namespace = defaults.namespace } = config.metadata;
  return new Tracing({ ...settings, functionName, namespace, logger });
}

interface MadeTrigger extends AdminTrigger {
  trigger: Trigger;
}

/** A function does its work without it: its sidecar may have the port. */
async function startAdmin(
  made: readonly MadeTrigger[],
  { platform, logger }: { platform: PlatformConfig; logger: Logger },
): Promise<{ adminPort: number | undefined; stopAdmin: () => Promise<void> }> {
  const { enabled, listenAddress } = platform.webAdmin;
  if (!enabled) return { adminPort: undefined, stopAdmin: () => Promise.resolve() };
  const server = adminServer(made);
  const adminPort = await server.start(addressOf(listenAddress)).catch((error) => {
    logger.warnWith('The admin port cannot be opened', { error: messageOf(error) });
    return undefined;
  });
  return { adminPort, stopAdmin: () => server.stop(0) };
}

async function startMetrics(
  made: readonly MadeTrigger[],
  { config, platform, tracing }: Pick<ProcessorOptions, 'config' | 'platform'> & { tracing: Tracing | undefined },
): Promise<{ metricsPort: number | undefined; stopMetrics: () => Promise<void> }> {
  const sink = pullSinkOf(platform);
  if (sink === undefined) return { metricsPort: undefined, stopMetrics: () => Promise.resolve() };
  const { name, namespace = defaults.namespace, labels: given } = config.metadata;
  const common: CommonLabels = {
    instance: process.env.NUCLIO_FUNCTION_INSTANCE ?? sink.instance ?? `${namespace}-${name}`,
    namespace,
    function: name,
    project: given?.[labels.project] ?? defaults.project,
  };
  const sources = made.map(({ source }) => source);
  const server = metricsServer(() => [...familiesOf(sources, common), ...(tracing?.families(common) ?? [])]);
  return { metricsPort: await server.start(sink.address), stopMetrics: () => server.stop(0) };
}

function poolOf<Pool>(trigger: NamedTrigger, pools: Map<NamedTrigger, Pool>): Pool {
  const pool = pools.get(trigger);
  if (pool === undefined) throw new Error(`Trigger ${trigger.info.name} has no workers`);
  return pool;
}

async function makeTrigger(
  { info, config: trigger }: NamedTrigger,
  pool: Pool,
  { config, logger, tracing }: { config: FunctionConfig; logger: Logger; tracing: Tracing | undefined },
): Promise<MadeTrigger> {
  const make = await triggerMakerOf(info.kind, info.name);
  const metrics = new TriggerMetrics();
  const workers = tracing === undefined ? pool : tracing.around(pool, info);
  const { name: functionName, namespace = defaults.namespace, annotations } = config.metadata;
  return {
    trigger: make({
      index: info.index,
      name: info.name,
      config: trigger,
      // HTTP tells by itself which requests may be CloudEvents.
      workers: info.kind === 'http' ? workers : new CloudEventWorkers(workers),
      logger,
      metrics,
      namespace,
      functionName,
      annotations: annotations ?? {},
      streamsRequests: streamsRequestsOf(config.spec),
      eventTimeoutMs: eventTimeoutOf(config.spec),
    }),
    source: { ...info, stats: pool.stats, workers: pool, metrics },
    config: trigger,
  };
}
