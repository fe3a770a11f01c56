import type { V1Pod } from '@ampoule/platform-api/kube/types';

type ContainerStatus = NonNullable<NonNullable<V1Pod['status']>['containerStatuses']>[number];

/**
 * Nobody saw how the container ended, as it ran when its host, and the runtime with it, went down. containerd says the one (with code 255),
 * a kubelet that finds nothing of the container says the other:
 * https://github.com/containerd/containerd/blob/v2.3.7/internal/cri/server/restart.go,
 * https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/kubelet_pods.go
 */
const UNSEEN: ReadonlySet<string> = new Set(['Unknown', 'ContainerStatusUnknown']);
/** Since when the pod has the sandbox that it has now. */
const SANDBOX = 'PodReadyToStartContainers';

/** How often each container of a pod has been started again. */
export type Restarts = ReadonlyMap<string, number>;

export function restartsOf({ status }: V1Pod): Restarts {
  return new Map((status?.containerStatuses ?? []).map(({ name, restartCount }) => [name, restartCount ?? 0]));
}

/**
 * How often containers have ended by themselves since there were so many restarts. What a host took down says nothing of them, nor does
 * anything tell of ends before that which nobody has seen.
 */
export function endsSince(before: Restarts, pod: V1Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, container) => {
    const ends = Math.max((container.restartCount ?? 0) - (before.get(container.name) ?? 0), 0);
    return sum + (ends > 0 && wasTakenDown(container, pod) ? 0 : ends);
  }, 0);
}

/** A container that ends leaves the sandbox of its pod alone; a host that is shut down orderly ends both, and begins with another sandbox. */
function wasTakenDown({ state, lastState }: ContainerStatus, { status }: V1Pod): boolean {
  const ended = lastState?.terminated ?? state?.terminated;
  if (UNSEEN.has(ended?.reason ?? '')) return true;
  const sandbox = status?.conditions?.find(({ type, status: value }) => type === SANDBOX && value === 'True');
  if (ended?.finishedAt === undefined || sandbox?.lastTransitionTime === undefined) return false;
  return new Date(ended.finishedAt).getTime() < new Date(sandbox.lastTransitionTime).getTime();
}
