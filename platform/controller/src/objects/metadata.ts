import { api } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1ObjectMeta } from '@ampoule/platform-api/kube/types';
import { objectNameOf, selectorLabelsOf } from '@ampoule/platform-api/names';

/** Metadata that all objects of a function share; they vanish together with it. */
export function metadataOf({ metadata }: NuclioFunction): V1ObjectMeta {
  return {
    name: objectNameOf(metadata.name),
    namespace: metadata.namespace,
    labels: { ...metadata.labels, ...selectorLabelsOf(metadata.name) },
    ownerReferences: [
      {
        apiVersion: api.apiVersion,
        kind: 'NuclioFunction',
        name: metadata.name,
        uid: metadata.uid,
        controller: true,
        blockOwnerDeletion: false,
      },
    ],
  };
}
