import { warm } from '@ampoule/platform-api/binding';
import { labels } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import { isPodReady, podUidOf } from '@ampoule/platform-api/kube/pods';
import type { V1ObjectMeta, V1Pod } from '@ampoule/platform-api/kube/types';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { scrapeAnnotationsOf } from '../objects/metrics-port.ts';

/** The runtimes that there are warm pods of. */
export const warmRuntimes = ['nodejs', 'python'] as const;
export type WarmRuntime = (typeof warmRuntimes)[number];

/** The runtime of a function, where there are warm pods of it. */
export function warmRuntimeOf({ spec }: Pick<NuclioFunction, 'spec'>): WarmRuntime | undefined {
  return warmRuntimes.find((each) => each === runtimeNameOf(spec.runtime));
}

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

/**
 * What a pod has once it is bound: Prometheus finds it as it finds the function's own. These are not all labels that functions' pods are
 * selected by, so it is in no Service of the function. The function's other labels could take it out of the pool's Deployment.
 */
export function marksOf(
  { metadata }: Pick<NuclioFunction, 'metadata'>,
  platform: PlatformConfig,
): Pick<V1ObjectMeta, 'labels' | 'annotations'> {
  const { name, labels: own } = metadata;
  const project = own?.[labels.project];
  return {
    labels: { [labels.boundTo]: name, [labels.function]: name, ...(project === undefined ? {} : { [labels.project]: project }) },
    annotations: scrapeAnnotationsOf(platform),
  };
}

/** A pod that waits for a binding to a function of this runtime; undefined where it does not. */
export function waitingPodOf(pod: V1Pod, runtime: WarmRuntime): WarmPod | undefined {
  const { metadata, spec, status } = pod;
  if (!isPodReady(pod) || !status?.podIP || metadata?.deletionTimestamp !== undefined || boundTo(pod) !== undefined) return undefined;
  if (metadata?.labels?.[labels.warmRuntime] !== runtime) return undefined;
  const port = spec?.containers[0]?.ports?.find(({ name }) => name === 'binding')?.containerPort ?? warm.port;
  return { name: metadata?.name ?? '', uid: podUidOf(pod), host: status.podIP, port };
}
