import { warm } from '@ampoule/platform-api/binding';
import { labels } from '@ampoule/platform-api/constants';
import { isPodReady, podUidOf } from '@ampoule/platform-api/kube/pods';
import type { V1Pod } from '@ampoule/platform-api/kube/types';

/** A warm pod that a binding can be sent to. */
export interface WarmPod {
  name: string;
  uid: string;
  host: string;
  port: number;
}

/** The name of the function that a pod was bound to. */
export function boundTo({ metadata }: V1Pod): string | undefined {
  return metadata?.labels?.[labels.boundTo];
}

/** A pod that waits for a binding; undefined where it does not. */
export function waitingPodOf(pod: V1Pod): WarmPod | undefined {
  const { metadata, spec, status } = pod;
  if (!isPodReady(pod) || !status?.podIP || metadata?.deletionTimestamp !== undefined || boundTo(pod) !== undefined) return undefined;
  const port = spec?.containers[0]?.ports?.find(({ name }) => name === 'binding')?.containerPort ?? warm.port;
  return { name: metadata?.name ?? '', uid: podUidOf(pod), host: status.podIP, port };
}
