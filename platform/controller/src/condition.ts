import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { CONFIG_HASH } from './objects/deployment.ts';

/** How a function's Deployment stands. */
export type Condition = { kind: 'available' } | { kind: 'progressing' } | { kind: 'failed'; message: string };

/** Reasons of waiting containers that do not mend themselves within the time people wait for a deploy. */
const FATAL: ReadonlySet<string> = new Set([
  'CrashLoopBackOff',
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);
const MESSAGE_LENGTH = 4096;

/** Whether the newest version of the Deployment serves in full. */
export function isRolledOut({ metadata, spec, status }: V1Deployment): boolean {
  const replicas = spec?.replicas ?? 1;
  return (
    isObserved(metadata, status) &&
    (status?.updatedReplicas ?? 0) >= replicas &&
    (status?.availableReplicas ?? 0) >= replicas &&
    !status?.unavailableReplicas
  );
}

/** Whether the Deployment serves at all. */
export function isAvailable({ spec, status }: V1Deployment): boolean {
  return spec?.replicas === 0 || status?.conditions?.some(({ type, status: value }) => type === 'Available' && value === 'True') === true;
}

/** The Deployment's own time-out, which Kubernetes keeps and so survives a restart of ours. */
export function deadlineMessageOf({ metadata, status }: V1Deployment): string | undefined {
  if (!isObserved(metadata, status)) return undefined;
  const progress = status?.conditions?.find(({ type }) => type === 'Progressing');
  return progress?.reason === 'ProgressDeadlineExceeded' ? `Function wasn't ready in time: ${progress.message ?? ''}` : undefined;
}

/** Whether a pod is of the newest version, rather than of the one that it takes the place of. */
export function isCurrentPod({ metadata, spec }: V1Pod, deployment: V1Deployment): boolean {
  const template = deployment.spec?.template;
  const isSameConfig = metadata?.annotations?.[CONFIG_HASH] === template?.metadata?.annotations?.[CONFIG_HASH];
  return isSameConfig && spec?.containers[0]?.image === template?.spec?.containers[0]?.image;
}

/** Why a pod of the newest version cannot run; undefined while it may still come up. */
export function podFailureOf({ metadata, status }: V1Pod): string | undefined {
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const waiting = container.state?.waiting;
    if (waiting?.reason === undefined || !FATAL.has(waiting.reason)) continue;
    const last = container.lastState?.terminated?.message?.trim();
    const details = [waiting.message, last].filter((text) => text !== undefined && text !== '').join('\n');
    return `Pod ${metadata?.name}: ${waiting.reason}${details === '' ? '' : `: ${details}`}`.slice(0, MESSAGE_LENGTH);
  }
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.reason === 'Unschedulable' ? `Pod ${metadata?.name}: Unschedulable: ${scheduled.message ?? ''}` : undefined;
}

/** Until the Deployment's controller has seen the newest version, its status is that of an older one. */
function isObserved(metadata: V1Deployment['metadata'], status: V1Deployment['status']): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}
