import { defaults, labels } from './constants.ts';
import type { FunctionConfig, FunctionSpec, Trigger } from './function.ts';
import { httpTriggersOf } from './http-trigger.ts';
import { defaultPlatformConfig, type PlatformConfig } from './platform-config.ts';

const DEFAULT_PYTHON = 'python:3.9';

/** Fills in what a function leaves out, as Nuclio does. The given value stays as it is. */
export function enrichFunction(
  config: FunctionConfig,
  namespace: string = defaults.namespace,
  platform: PlatformConfig = defaultPlatformConfig,
): FunctionConfig {
  const { metadata, spec } = config;
  return {
    ...config,
    metadata: {
      ...metadata,
      namespace: metadata.namespace || namespace,
      labels: { [labels.project]: defaults.project, ...metadata.labels },
    },
    spec: {
      ...spec,
      ...replicasOf(spec),
      ...environmentOf(spec, platform),
      ...(spec.runtime === 'python' ? { runtime: DEFAULT_PYTHON } : {}),
      ...(spec.volumes ? { volumes: spec.volumes.map(namedVolume) } : {}),
      version: -1,
      alias: 'latest',
      eventTimeout: spec.eventTimeout ?? '',
      build: spec.build ?? {},
      resources: { ...spec.resources, requests: { cpu: '25m', memory: '1Mi', ...spec.resources?.requests } },
      triggers: triggersOf(spec, platform),
    },
  };
}

/** Of the two limits, one that is missing follows the other. */
function replicasOf({ minReplicas, maxReplicas }: FunctionSpec): Pick<FunctionSpec, 'minReplicas' | 'maxReplicas'> {
  const min = minReplicas ?? undefined;
  const max = maxReplicas ?? undefined;
  if (min === undefined && max === undefined) return {};
  return { minReplicas: min ?? max, ...(max === undefined && min === 0 ? {} : { maxReplicas: max ?? min }) };
}

/** What the platform sets for all functions; a function's own variables win. */
function environmentOf({ env, envFrom }: FunctionSpec, { runtime: { common } }: PlatformConfig): Pick<FunctionSpec, 'env' | 'envFrom'> {
  const own = new Set(env?.map(({ name }) => name));
  const missing = common.env.filter(({ name }) => !own.has(name));
  return {
    ...(missing.length > 0 ? { env: [...(env ?? []), ...missing] } : {}),
    ...(common.envFrom.length > 0 ? { envFrom: [...common.envFrom, ...(envFrom ?? [])] } : {}),
  };
}

type FunctionVolume = NonNullable<FunctionSpec['volumes']>[number];

/** A volume and its mount have one name, which may stand with either. */
function namedVolume(pair: FunctionVolume): FunctionVolume {
  const name = pair.volume?.name || pair.volumeMount?.name;
  if (!name) return pair;
  return { ...pair, volume: { ...pair.volume, name }, volumeMount: { ...pair.volumeMount, name } };
}

function triggersOf(spec: FunctionSpec, platform: PlatformConfig): Record<string, Trigger> {
  const triggers: Record<string, Trigger> = {};
  for (const [key, trigger] of Object.entries(spec.triggers ?? {})) {
    triggers[key] = { ...trigger, name: trigger.name || key, numWorkers: trigger.numWorkers || trigger.maxWorkers || 1 };
  }
  const isDisabled = spec.disableDefaultHTTPTrigger ?? platform.disableDefaultHTTPTrigger;
  if (httpTriggersOf(spec).length === 0 && !isDisabled) triggers['default-http'] = { kind: 'http', name: 'default-http', numWorkers: 1 };
  return triggers;
}
