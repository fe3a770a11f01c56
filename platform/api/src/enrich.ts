import { defaults, labels } from './constants.ts';
import type { FunctionConfig, FunctionSpec, Trigger } from './function.ts';
import { httpTriggersOf } from './http-trigger.ts';

/** Fills in what a function leaves out, as Nuclio does. The given value stays as it is. */
export function enrichFunction(config: FunctionConfig, namespace: string = defaults.namespace): FunctionConfig {
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
      version: -1,
      alias: 'latest',
      eventTimeout: spec.eventTimeout ?? '',
      build: spec.build ?? {},
      resources: { ...spec.resources, requests: { cpu: '25m', memory: '1Mi', ...spec.resources?.requests } },
      triggers: triggersOf(spec),
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

function triggersOf(spec: FunctionSpec): Record<string, Trigger> {
  const triggers: Record<string, Trigger> = {};
  for (const [key, trigger] of Object.entries(spec.triggers ?? {})) {
    triggers[key] = { ...trigger, name: trigger.name || key, numWorkers: trigger.numWorkers || trigger.maxWorkers || 1 };
  }
  if (httpTriggersOf(spec).length === 0 && spec.disableDefaultHTTPTrigger !== true) {
    triggers['default-http'] = { kind: 'http', name: 'default-http', numWorkers: 1 };
  }
  return triggers;
}
