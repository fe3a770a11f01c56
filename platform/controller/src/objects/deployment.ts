import { createHash } from 'node:crypto';
import { annotations, ports } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { selectorLabelsOf } from '@ampoule/platform-api/names';
import { processorConfigOf, withoutSource } from './config-map.ts';
import type { RenderContext } from './context.ts';
import { metadataOf } from './metadata.ts';
import { metricsPortOf } from './metrics-port.ts';
import { podOf } from './pod.ts';
import { replicasOf } from './replicas.ts';

/** Tells the pods of one configuration from those of another. */
export const CONFIG_HASH = 'ampoule.internal/config-hash';
const GPU = 'nvidia.com/gpu';

type Strategy = NonNullable<NonNullable<V1Deployment['spec']>['strategy']>;

/** The Deployment of a function. */
export function deploymentOf(fn: NuclioFunction, context: RenderContext): V1Deployment {
  const { metadata, spec } = fn;
  const shared = metadataOf(fn);
  const selector = selectorLabelsOf(metadata.name);
  const readinessMs = parseDuration(context.platform.functionReadinessTimeout) ?? 0;
  return {
    metadata: {
      ...shared,
      annotations: {
        ...(spec.description ? { description: spec.description } : {}),
        [annotations.functionConfig]: JSON.stringify(withoutSource(spec)),
        [annotations.controllerVersion]: context.version,
      },
    },
    spec: {
      replicas: replicasOf(spec, context),
      progressDeadlineSeconds: spec.readinessTimeoutSeconds || Math.ceil(readinessMs / 1000),
      revisionHistoryLimit: 2,
      selector: { matchLabels: selector },
      strategy: strategyOf(spec),
      template: {
        metadata: {
          labels: { ...metadata.labels, ...selector },
          annotations: {
            [annotations.defaultContainer]: 'nuclio',
            [annotations.imageHash]: spec.imageHash ?? '',
            [annotations.prometheusPull]: 'true',
            [annotations.prometheusPullPort]: String(metricsPortOf(context.platform) ?? ports.metrics),
            // New configuration has to be read by new processors.
            [CONFIG_HASH]: createHash('sha256').update(processorConfigOf(fn, context)).digest('hex').slice(0, 16),
          },
        },
        spec: podOf(fn, context),
      },
    },
  };
}

/** Two versions at once would need two GPUs, and there may be but one. */
function strategyOf({ deploymentStrategy, resources }: FunctionSpec): Strategy {
  if (deploymentStrategy && Object.keys(deploymentStrategy).length > 0) return deploymentStrategy as Strategy;
  const limits = (resources?.limits ?? {}) as Record<string, unknown>;
  if (Number(limits[GPU] ?? 0) > 0) return { type: 'Recreate' };
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
}
