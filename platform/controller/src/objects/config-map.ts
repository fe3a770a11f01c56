import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1ConfigMap } from '@ampoule/platform-api/kube/types';
import { metadataOf } from './metadata.ts';

/** The configuration that the processor reads at its start. The source is left out: it is in the image. JSON, which is YAML too. */
export function processorYamlOf({ metadata, spec }: NuclioFunction): string {
  const { functionSourceCode, ...build } = spec.build ?? {};
  const { name, namespace, labels, annotations } = metadata;
  const config = { metadata: { name, namespace, labels: labels ?? {}, annotations: annotations ?? {} }, spec: { ...spec, build } };
  return JSON.stringify(config, null, 2);
}

/** The ConfigMap of a function. */
export function configMapOf(fn: NuclioFunction): V1ConfigMap {
  return { metadata: metadataOf(fn), data: { 'processor.yaml': processorYamlOf(fn) } };
}
