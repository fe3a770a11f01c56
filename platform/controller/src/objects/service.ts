import { ports } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Service } from '@ampoule/platform-api/kube/types';
import { selectorLabelsOf } from '@ampoule/platform-api/names';
import { metadataOf } from './metadata.ts';

/** The Service of a function. */
export function serviceOf(fn: NuclioFunction): V1Service {
  return {
    metadata: metadataOf(fn),
    spec: {
      type: 'ClusterIP',
      selector: selectorLabelsOf(fn.metadata.name),
      ports: [{ name: 'http', port: ports.http, targetPort: ports.http, protocol: 'TCP' }],
    },
  };
}
