import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import * as z from 'zod/mini';
import { Pool } from './engine/pool.ts';
import type { FunctionConfig, Trigger } from './function-config.ts';
import type { Logger } from './logger.ts';
import type { TriggerInfo } from './runtime/options.ts';
import { streamsRequestsOf } from './runtime/stream-requests.ts';
import { workerMakerOf } from './runtime/workers.ts';
import { zodOf } from './schema.ts';

export interface NamedTrigger {
  info: TriggerInfo;
  config: Trigger;
}

export interface PoolContext {
  config: FunctionConfig;
  folder: string;
  logger: Logger;
}

/** In mode async, which Nuclio has since 1.15, a worker takes further events while its handler waits for something. */
const modeSchema = z.looseObject({
  mode: z._default(z.enum(['sync', 'async']), 'sync'),
  async: z.prefault(z.looseObject({ maxConnectionsNumber: z._default(z.coerce.number().check(z.int(), z.positive()), 1000) }), {}),
});

/** Runtimes whose workers can; to those of others an event that waits behind another one would count as begun. */
const SEVERAL_AT_A_TIME = ['nodejs', 'python'];

const attributesSchema = z.record(z.string(), z.unknown());

/** The enabled triggers of a function, in the order in which it has them. */
export function triggersOf({ spec }: FunctionConfig): NamedTrigger[] {
  return Object.entries(spec.triggers ?? {})
    .filter(([, { disabled }]) => disabled !== true)
    .map(([key, config], index) => ({ info: { index, kind: config.kind, name: config.name || key }, config }));
}

/** Makes a pool for each trigger; triggers with the same workerAllocatorName share one. */
export async function makePools(triggers: readonly NamedTrigger[], context: PoolContext): Promise<Map<NamedTrigger, Pool>> {
  const groups = Map.groupBy(triggers, ({ info, config }) => config.workerAllocatorName || `trigger/${info.name}`);
  const pools = new Map<NamedTrigger, Pool>();
  for (const group of groups.values()) {
    const pool = await makePool(group, triggers, context);
    for (const trigger of group) pools.set(trigger, pool);
  }
  return pools;
}

async function makePool(
  group: readonly NamedTrigger[],
  all: readonly NamedTrigger[],
  { config, folder, logger }: PoolContext,
): Promise<Pool> {
  const { spec, metadata } = config;
  const given = Math.max(...group.map(({ config: trigger }) => concurrencyOf(trigger)));
  const concurrency = SEVERAL_AT_A_TIME.includes(runtimeNameOf(spec.runtime)) ? given : 1;
  const make = await workerMakerOf(spec.runtime, {
    folder,
    handler: spec.handler,
    triggers: all.map(({ info }) => info),
    functionName: metadata.name,
    namespace: metadata.namespace ?? defaults.namespace,
    concurrency,
    streamsRequests: streamsRequestsOf(spec),
    runtimeAttributes: parse(zodOf(attributesSchema), spec.runtimeAttributes ?? {}, 'spec.runtimeAttributes'),
  });
  return new Pool({
    make,
    size: Math.max(...group.map(({ config: { numWorkers, maxWorkers } }) => numWorkers || maxWorkers || 1)),
    concurrency,
    waitMs: Math.max(...group.map(({ config: trigger }) => waitOf(trigger))),
    eventTimeoutMs: eventTimeoutOf(spec),
    logger,
  });
}

/** How long a handler may take; undefined where that is unlimited. */
export function eventTimeoutOf({ eventTimeout }: FunctionConfig['spec']): number | undefined {
  return eventTimeout ? parseDuration(eventTimeout) : undefined;
}

function concurrencyOf(trigger: Trigger): number {
  const { mode, async: given } = parse(zodOf(modeSchema), trigger, `Trigger ${trigger.name ?? ''}`);
  return mode === 'async' ? given.maxConnectionsNumber : 1;
}

function waitOf({ workerAvailabilityTimeoutMilliseconds: wait }: Trigger): number {
  return wait === undefined || wait === null || wait < 0 ? defaults.workerAvailabilityTimeoutMs : wait;
}
