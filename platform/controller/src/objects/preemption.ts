import type { FunctionSpec } from '@ampoule/platform-api/function';
import type { V1PodSpec } from '@ampoule/platform-api/kube/types';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { wantsGpu } from './gpu.ts';

type Tolerations = NonNullable<V1PodSpec['tolerations']>;
type Affinity = NonNullable<V1PodSpec['affinity']>;

export interface Placement {
  tolerations: Tolerations;
  affinity: Affinity;
}

type Term = NonNullable<
  NonNullable<NonNullable<Affinity['nodeAffinity']>['requiredDuringSchedulingIgnoredDuringExecution']>['nodeSelectorTerms']
>[number];
type Requirement = NonNullable<Term['matchExpressions']>[number];

/**
 * Keeps the pods of a function on nodes that can be taken away at any moment, or off them, as its `preemptionMode` says: `allow` tolerates
 * them, `constrain` wants no others, `prevent` wants none of them. What the function asks for itself stays.
 */
export function withPreemption(
  { preemptionMode, resources }: FunctionSpec,
  { preemptibleNodes }: PlatformConfig['kube'],
  { tolerations, affinity }: Placement,
): Placement {
  if (preemptibleNodes === undefined) return { tolerations, affinity };
  const mode = preemptionMode || preemptibleNodes.defaultMode;
  const theirs = [...preemptibleNodes.tolerations, ...(wantsGpu(resources) ? preemptibleNodes.gpuTolerations : [])] as Tolerations;
  const isTheirs = (one: Tolerations[number]) => theirs.some((other) => isSame(one, other));
  const others = tolerations.filter((one) => !isTheirs(one));
  switch (mode) {
    case 'none':
      return { tolerations, affinity };
    case 'allow':
      return { tolerations: [...others, ...theirs], affinity };
    case 'constrain':
      return { tolerations: [...others, ...theirs], affinity: onNodes(affinity, requirementsOf(preemptibleNodes.nodeSelector, 'In')) };
    case 'prevent':
      // Where nodes are tainted, to tolerate nothing is enough.
      if (theirs.length > 0) return { tolerations: others, affinity };
      return { tolerations: others, affinity: onNodes(affinity, requirementsOf(preemptibleNodes.nodeSelector, 'NotIn')) };
  }
}

function isSame(one: Tolerations[number], other: Tolerations[number]): boolean {
  return (['key', 'operator', 'value', 'effect'] as const).every((field) => (one[field] ?? '') === (other[field] ?? ''));
}

function requirementsOf(nodeSelector: Record<string, string>, operator: 'In' | 'NotIn'): Requirement[] {
  return Object.entries(nodeSelector).map(([key, value]) => ({ key, operator, values: [value] }));
}

/** Kubernetes takes a node that fits any of the terms, so each of them gets the requirements. */
function onNodes(affinity: Affinity, requirements: Requirement[]): Affinity {
  if (requirements.length === 0) return affinity;
  const required = affinity.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms: Term[] = required?.nodeSelectorTerms.length ? required.nodeSelectorTerms : [{}];
  const nodeSelectorTerms = terms.map((term) => ({ ...term, matchExpressions: [...(term.matchExpressions ?? []), ...requirements] }));
  return {
    ...affinity,
    nodeAffinity: { ...affinity.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { ...required, nodeSelectorTerms } },
  };
}
