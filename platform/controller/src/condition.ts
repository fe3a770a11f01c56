import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { CONFIG_HASH } from './objects/deployment.ts';

type ContainerStatus = NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[number];

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

/** Whether the newest version of the Deployment serves in full, and no pods of an older one do. */
export function isRolledOut({ metadata, spec, status }: V1Deployment): boolean {
  const replicas = spec?.replicas ?? 1;
  return (
    isObserved(metadata, status) &&
    (status?.updatedReplicas ?? 0) >= replicas &&
    (status?.replicas ?? 0) <= (status?.updatedReplicas ?? 0) &&
    (status?.availableReplicas ?? 0) >= replicas &&
    !status?.unavailableReplicas
  );
}

/** When the newest version of the Deployment had come to serve in full; undefined where Kubernetes does not say. */
export function rolledOutAtMs({ status }: V1Deployment): number | undefined {
  const progress = status?.conditions?.find(({ type }) => type === 'Progressing');
  const { reason, lastUpdateTime } = progress ?? {};
  return reason === 'NewReplicaSetAvailable' && lastUpdateTime !== undefined ? new Date(lastUpdateTime).getTime() : undefined;
}

/** Whether the Deployment serves at all. Its own condition says no whenever it is scaled up, until the new pods are there too. */
export function isAvailable({ spec, status }: V1Deployment): boolean {
  return spec?.replicas === 0 || (status?.availableReplicas ?? 0) > 0;
}

/** Whether the Deployment has no pods any more, but for those that are ending their work. */
export function isGone({ metadata, spec, status }: V1Deployment): boolean {
  return isObserved(metadata, status) && spec?.replicas === 0 && !status?.replicas;
}

/** Why Kubernetes does not even make the pods: they break a rule of the namespace, or a quota is used up. */
export function refusalOf({ metadata, status }: V1Deployment): string | undefined {
  if (!isObserved(metadata, status)) return undefined;
  const refusal = status?.conditions?.find(({ type, status: value }) => type === 'ReplicaFailure' && value === 'True');
  return refusal === undefined ? undefined : `${refusal.reason ?? 'FailedCreate'}: ${refusal.message ?? ''}`.slice(0, MESSAGE_LENGTH);
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
  const pod = `Pod ${metadata?.name}`;
  for (const container of status?.initContainerStatuses ?? []) {
    const failure = failureOf(container);
    if (failure !== undefined) return `${pod}: Init container ${container.name}: ${failure}`.slice(0, MESSAGE_LENGTH);
  }
  for (const container of status?.containerStatuses ?? []) {
    const failure = failureOf(container);
    if (failure !== undefined) return `${pod}: ${failure}`.slice(0, MESSAGE_LENGTH);
  }
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.reason === 'Unschedulable' ? `${pod}: Unschedulable: ${scheduled.message ?? ''}` : undefined;
}

function failureOf({ state, lastState }: ContainerStatus): string | undefined {
  const waiting = state?.waiting;
  if (waiting?.reason === undefined || !FATAL.has(waiting.reason)) return undefined;
  const last = lastState?.terminated?.message?.trim();
  const details = [waiting.message, last].filter((text) => text !== undefined && text !== '').join('\n');
  return `${waiting.reason}${details === '' ? '' : `: ${details}`}`;
}

/** Until the Deployment's controller has seen the newest version, its status is that of an older one. */
function isObserved(metadata: V1Deployment['metadata'], status: V1Deployment['status']): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}
