import type { NuclioFunction } from '@ampoule/platform-api/function';
import { podSecurity } from '@ampoule/platform-api/kube/pod-security';
import type { V1PodSpec } from '@ampoule/platform-api/kube/types';
import { extraContainersOf, functionContainerOf } from './containers.ts';
import type { RenderContext } from './context.ts';
import { type Placement, withPreemption } from './preemption.ts';
import { volumesOf } from './volumes.ts';

/** What is so where neither the function nor the platform's owner says anything. */
export const standardPod = {
  // Only a function that asks for an account of its own wants to talk to Kubernetes.
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: 30,
  securityContext: podSecurity,
};

/** The pod of a function, as the function wants it. */
export function podOf(fn: NuclioFunction, context: RenderContext): V1PodSpec {
  const { spec } = fn;
  const { kube } = context.platform;
  const nodeSelector = nodeSelectorOf(fn, context);
  const { tolerations, affinity } = withPreemption(spec, kube, {
    tolerations: (spec.tolerations ?? kube.defaultFunctionTolerations) as Placement['tolerations'],
    affinity: spec.affinity ?? {},
  });
  const optional = {
    serviceAccountName: spec.serviceAccount || kube.defaultFunctionServiceAccount,
    nodeSelector: Object.keys(nodeSelector).length === 0 ? undefined : nodeSelector,
    nodeName: spec.nodeName,
    tolerations: tolerations.length > 0 ? tolerations : undefined,
    affinity: Object.keys(affinity).length > 0 ? affinity : undefined,
    priorityClassName: spec.priorityClassName || kube.defaultFunctionPriorityClassName,
    preemptionPolicy: spec.preemptionPolicy,
    hostIPC: spec.hostIPC || undefined,
    imagePullSecrets: spec.imagePullSecrets ? [{ name: spec.imagePullSecrets }] : undefined,
    initContainers: spec.initContainers?.length ? extraContainersOf(fn, 'initContainers') : undefined,
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  return {
    ...(spec.serviceAccount ? { automountServiceAccountToken: true } : {}),
    ...given,
    securityContext: spec.securityContext ?? {},
    containers: [functionContainerOf(fn, context), ...extraContainersOf(fn, 'sidecars')],
    volumes: volumesOf(fn),
  };
}

/** Of the same label, that of the function wins over that of its project, and that over the platform's. */
export function nodeSelectorOf(
  { spec }: NuclioFunction,
  { platform, projectNodeSelector }: Pick<RenderContext, 'platform' | 'projectNodeSelector'>,
): Record<string, string> {
  return { ...platform.kube.defaultFunctionNodeSelector, ...projectNodeSelector, ...spec.nodeSelector };
}
