import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Container } from '@ampoule/platform-api/kube/types';
import { isOwnReference, mountedSecretOf } from '@ampoule/platform-api/mask';
import { referenceOf } from '@ampoule/platform-api/mask-fields';
import { dataKeyOf } from '@ampoule/platform-api/mask-secret';

type Variables = NonNullable<V1Container['env']>;

/** Variables of a container whose values are in the function's Secret are taken from there; `place` is the container's path in the function. */
export function openVariablesOf(fn: NuclioFunction, variables: readonly object[] | null | undefined, place: string): Variables {
  const secretName = mountedSecretOf(fn);
  return ((variables ?? []) as Variables).map((variable, index) => {
    const path = `${place}/env[${index}]/value`;
    if (secretName === undefined || !isOwnReference(variable.value, path)) return variable;
    return { name: variable.name, valueFrom: { secretKeyRef: { name: secretName, key: dataKeyOf(referenceOf(path)) } } };
  });
}
