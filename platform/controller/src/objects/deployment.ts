import { createHash } from 'node:crypto';
import { annotations } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { selectorLabelsOf } from '@ampoule/platform-api/names';
import { processorConfigOf, withoutSource } from './config-map.ts';
import type { RenderContext } from './context.ts';
import { wantsGpu } from './gpu.ts';
import { filled } from './merge.ts';
import { metadataOf } from './metadata.ts';
import { scrapeAnnotationsOf } from './metrics-port.ts';
import { podOf, standardPod } from './pod.ts';
import { replicasOf } from './replicas.ts';

/** Tells the pods of one configuration from those of another. */
export const CONFIG_HASH = 'ampoule.internal/config-hash';

type DeploymentSpec = NonNullable<V1Deployment['spec']>;
type Strategy = NonNullable<DeploymentSpec['strategy']>;

/** What is so where neither the function nor the platform's owner says anything. */
const standard = { revisionHistoryLimit: 2, template: { spec: standardPod } };

/** The Deployment of a function. */
export function deploymentOf(fn: NuclioFunction, context: RenderContext): V1Deployment {
  const { spec } = fn;
  const added = context.deploymentSpecs ?? [];
  return {
    metadata: {
      ...metadataOf(fn),
      annotations: {
        ...(spec.description ? { description: spec.description } : {}),
        [annotations.functionConfig]: JSON.stringify(withoutSource(spec)),
        [annotations.controllerVersion]: context.version,
      },
    },
    spec: { ...[...added, standard].reduce<DeploymentSpec>(filled, saidOf(fn, context)), strategy: strategyOf(spec, added) },
  };
}

function saidOf(fn: NuclioFunction, context: RenderContext): DeploymentSpec {
  const { metadata, spec } = fn;
  const selector = selectorLabelsOf(metadata.name);
  const readinessMs = parseDuration(context.platform.functionReadinessTimeout) ?? 0;
  return {
    replicas: replicasOf(spec, context),
    progressDeadlineSeconds: spec.readinessTimeoutSeconds || Math.ceil(readinessMs / 1000),
    selector: { matchLabels: selector },
    template: {
      metadata: {
        labels: { ...metadata.labels, ...selector },
        annotations: {
          [annotations.defaultContainer]: 'nuclio',
          [annotations.imageHash]: spec.imageHash ?? '',
          ...scrapeAnnotationsOf(context.platform),
          // New configuration has to be read by new processors.
          [CONFIG_HASH]: createHash('sha256').update(processorConfigOf(fn, context)).digest('hex').slice(0, 16),
        },
      },
      spec: podOf(fn, context),
    },
  };
}

/** Taken whole: parts of one strategy mean nothing in another. */
function strategyOf({ deploymentStrategy, resources }: FunctionSpec, added: readonly { strategy?: object }[]): Strategy {
  const given = [deploymentStrategy, ...added.map(({ strategy }) => strategy)];
  const found = given.find((strategy) => strategy && Object.keys(strategy).length > 0);
  if (found) return found as Strategy;
  // Two versions at once would need two GPUs, and there may be but one.
  if (wantsGpu(resources)) return { type: 'Recreate' };
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
}
