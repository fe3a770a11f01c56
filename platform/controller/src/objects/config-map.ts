import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { V1ConfigMap } from '@ampoule/platform-api/kube/types';
import type { RenderContext } from './context.ts';
import { areCronJobs } from './cron-jobs.ts';
import { metadataOf } from './metadata.ts';

/** The configuration that the processor reads at its start. JSON, which is YAML too. */
export function processorConfigOf({ metadata, spec }: NuclioFunction, { platform }: Pick<RenderContext, 'platform'>): string {
  const { name, namespace, labels, annotations } = metadata;
  const all = Object.entries(spec.triggers ?? {});
  const triggers = Object.fromEntries(areCronJobs(platform) ? all.filter(([, { kind }]) => kind !== 'cron') : all);
  const config = {
    metadata: { name, namespace, labels: labels ?? {}, annotations: annotations ?? {} },
    spec: { ...withoutSource(spec), triggers },
  };
  return JSON.stringify(config, null, 2);
}

/** The source is in the image, and would not fit where objects are annotated. */
export function withoutSource(spec: FunctionSpec): FunctionSpec {
  const { functionSourceCode, ...build } = spec.build ?? {};
  return { ...spec, build };
}

/** The ConfigMap of a function. */
export function configMapOf(fn: NuclioFunction, context: RenderContext): V1ConfigMap {
  return { metadata: metadataOf(fn), data: { 'processor.yaml': processorConfigOf(fn, context) } };
}
