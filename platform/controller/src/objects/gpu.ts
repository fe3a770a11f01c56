import type { FunctionSpec } from '@ampoule/platform-api/function';

/** As makers of GPUs name what their device plugins offer: https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/ */
const GPU = /^[^/]+\/gpu$/;

/** Whether a function asks for a GPU of any maker. Kubernetes takes requests of such resources only where limits are the same. */
export function wantsGpu(resources: FunctionSpec['resources']): boolean {
  const limits = (resources?.limits ?? {}) as Record<string, unknown>;
  return Object.entries(limits).some(([name, count]) => GPU.test(name) && Number(count) > 0);
}
