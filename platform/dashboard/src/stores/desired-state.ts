import { bringsCode } from '@ampoule/platform-api/code';
import { functionSpecSchema } from '@ampoule/platform-api/function';
import { condition, ensureStable, type FunctionStore } from './function-store.ts';
import { functionStatusOf, statusAtStart, withoutHolds } from './function-view.ts';
import type { Draft, Stored } from './resource-store.ts';

export type DesiredState = 'ready' | 'scaledToZero';

/**
 * Brings a function that is there to another state, without a change of what it is.
 * @throws AMP_FUNCTION_NOT_FOUND, AMP_FUNCTION_BUSY, AMP_FUNCTION_CONDITION
 */
export async function desireState(
  store: FunctionStore,
  namespace: string,
  name: string,
  { state, importedOnly }: { state: DesiredState; importedOnly: boolean },
): Promise<void> {
  const current = await store.get(namespace, name);
  if (importedOnly && functionStatusOf(current).state !== 'imported') return;
  await store.update(namespace, name, (newest) => {
    ensureStable(newest, 'Function cannot be updated when existing function is being provisioned');
    return state === 'ready' ? readyDraftOf(newest) : scaledToZeroDraftOf(newest);
  });
}

function readyDraftOf(current: Stored): Draft {
  const spec = functionSpecSchema.parse(current.spec);
  const { image } = spec;
  if (!image && !bringsCode(spec)) {
    throw condition('Function must have spec.image set in order to be deployed without a build', 'Deploy it with its source.');
  }
  const status = statusAtStart(image ? 'waitingForResourceConfiguration' : 'building', current.status);
  const { name, namespace, labels, annotations } = current.metadata;
  return { metadata: { name, namespace, labels, annotations: withoutHolds(annotations) }, spec: current.spec, status };
}

function scaledToZeroDraftOf(current: Stored): Draft {
  const { image, minReplicas } = functionSpecSchema.parse(current.spec);
  if (!image) throw condition('Function must have spec.image set in order to be scaled to zero', 'Deploy it first.');
  if (minReplicas !== undefined && minReplicas !== null && minReplicas > 0) {
    throw condition('Function cannot be scaled to zero when its min replicas is greater than zero', 'Set spec.minReplicas to 0 first.');
  }
  const { name, namespace, labels, annotations } = current.metadata;
  const status = { ...current.status, state: 'waitingForScaleResourceToZero', message: '' };
  return { metadata: { name, namespace, labels, annotations }, spec: current.spec, status };
}
