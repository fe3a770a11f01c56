import { type AugmentedConfig, fitsLabels } from '@ampoule/platform-api/augmented-configs';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import { selectorLabelsOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { merged } from './merge.ts';

type Configs = Pick<PlatformConfig, 'functionAugmentedConfigs'>;

/** What the platform adds to a function, by the labels that its objects have. */
export function augmentsOf({ metadata }: Pick<NuclioFunction, 'metadata'>, { functionAugmentedConfigs }: Configs): AugmentedConfig[] {
  const labels = { ...metadata.labels, ...selectorLabelsOf(metadata.name) };
  return functionAugmentedConfigs.filter(({ labelSelector }) => fitsLabels(labelSelector, labels));
}

/** A function as it is to run: with what the platform adds to it. The stored one stays as its owner wrote it. */
export function augmented(fn: NuclioFunction, configs: readonly AugmentedConfig[]): NuclioFunction {
  return configs.reduce((result, { functionConfig }) => (functionConfig ? merged(result, functionConfig) : result), fn);
}

/** What the platform adds to the specification of a function's Deployment, the first one before the others. */
export function deploymentSpecsOf(configs: readonly AugmentedConfig[]): object[] {
  return configs.flatMap(({ kubernetes }) => (kubernetes?.deployment ? [kubernetes.deployment.spec] : []));
}
