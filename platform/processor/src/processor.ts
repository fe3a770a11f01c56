import { defaults, paths, ports } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionConfig, FunctionSpec, Trigger } from '@ampoule/platform-api/function';
import { httpAttributesSchema } from '@ampoule/platform-api/http-trigger';
import { addressOf, type PlatformConfig } from './config.ts';
import { processorError } from './errors.ts';
import { HealthServer } from './health.ts';
import { Logger } from './logger.ts';
import { makeRuntime, type Runtime } from './runtime/runtime.ts';
import { HttpTrigger } from './triggers/http.ts';
import { WorkerPool } from './worker-pool.ts';

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
  /** Answers what is in hand, at most for the given time. */
  stop(limitMs: number): Promise<void>;
}

/** Starts a function: health, then workers, then triggers. It listens when it can answer. */
export async function startProcessor({ config, platform, logger = new Logger('processor'), folder }: ProcessorOptions): Promise<Processor> {
  const { spec, metadata } = config;
  const health = new HealthServer();
  const healthPort = platform.healthCheck.enabled ? await startHealth(health, platform.healthCheck.listenAddress) : undefined;
  const http = httpOf(spec);
  const pool = http === undefined ? undefined : await startWorkers(spec, http, folder ?? paths.handlers, new Logger(metadata.name));
  const { host, port } = addressOf(http?.url || `:${ports.http}`);
  const { maxRequestBodySize } = httpAttributesSchema.parse(http?.attributes ?? {});
  const trigger = new HttpTrigger({ name: http?.name ?? 'health', host, port, maxRequestBodySize, pool, logger });
  const httpPort = await trigger.start();
  health.ready = true;
  return {
    httpPort,
    healthPort,
    async stop(limitMs) {
      health.ready = false;
      await trigger.stop(limitMs);
      health.stop();
    },
  };
}

function startHealth(health: HealthServer, address: string): Promise<number> {
  const { host, port } = addressOf(address);
  return health.start(host, port);
}

function httpOf(spec: FunctionSpec): Trigger | undefined {
  const enabled = Object.values(spec.triggers ?? {}).filter(({ disabled }) => disabled !== true);
  const other = enabled.find(({ kind }) => kind !== 'http');
  if (other === undefined) return enabled[0];
  throw processorError('AMP_TRIGGER_UNSUPPORTED', {
    what: `Trigger ${other.name} is of kind ${other.kind}, which is not supported`,
    fix: 'Use a trigger of kind http.',
  });
}

async function startWorkers(spec: FunctionSpec, trigger: Trigger, folder: string, logger: Logger): Promise<WorkerPool> {
  const runtimes: Runtime[] = Array.from({ length: trigger.numWorkers || 1 }, (_, workerId) =>
    makeRuntime(spec.runtime, { folder, handler: spec.handler, logger, workerId }),
  );
  await Promise.all(runtimes.map((runtime) => runtime.start()));
  const wait = trigger.workerAvailabilityTimeoutMilliseconds;
  const waitMs = wait === undefined || wait === null || wait < 0 ? defaults.workerAvailabilityTimeoutMs : wait;
  return new WorkerPool({ runtimes, waitMs, eventTimeoutMs: spec.eventTimeout ? parseDuration(spec.eventTimeout) : undefined });
}
