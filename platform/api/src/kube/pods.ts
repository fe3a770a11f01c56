import type { V1Pod } from './types.ts';

/** Whether Kubernetes says that a pod serves. */
export function isPodReady({ status }: V1Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
}

export function podUidOf({ metadata }: V1Pod): string {
  return metadata?.uid ?? '';
}
