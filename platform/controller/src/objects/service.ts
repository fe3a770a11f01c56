import { ACTIVATOR_APP, labels, ports } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import { httpServiceOf } from '@ampoule/platform-api/http-trigger';
import type { V1Container, V1Service, V1ServicePort } from '@ampoule/platform-api/kube/types';
import { selectorLabelsOf } from '@ampoule/platform-api/names';
import type { RenderContext } from './context.ts';
import { metadataOf } from './metadata.ts';
import { metricsPortOf } from './metrics-port.ts';

/** The Service of a function. Without pods that serve it leads to the activator, which holds requests until there are some. */
export function serviceOf(fn: NuclioFunction, { phase, isServing, platform }: RenderContext): V1Service {
  const wanted = httpServiceOf(fn.spec);
  const type = wanted.serviceType || fn.spec.serviceType || platform.kube.defaultServiceType;
  const isAsleep = phase === 'zero' || phase === 'waking' || (phase === 'up' && !isServing);
  const metricsPort = metricsPortOf(platform);
  const http: V1ServicePort = { ...tcp('http', ports.http), ...(type === 'NodePort' && wanted.port > 0 ? { nodePort: wanted.port } : {}) };
  return {
    metadata: metadataOf(fn),
    spec: {
      type,
      selector: isAsleep ? { [labels.app]: ACTIVATOR_APP } : selectorLabelsOf(fn.metadata.name),
      ports: [http, ...(metricsPort === undefined ? [] : [tcp('metrics', metricsPort)]), ...sidecarPortsOf(fn)],
    },
  };
}

function sidecarPortsOf({ spec }: NuclioFunction): V1ServicePort[] {
  return ((spec.sidecars ?? []) as unknown as V1Container[]).flatMap(({ name, ports: own }) =>
    (own ?? []).map((port) => ({
      ...tcp(port.name ?? `${name}-${port.containerPort}`.slice(-15), port.containerPort),
      protocol: port.protocol ?? 'TCP',
    })),
  );
}

function tcp(name: string, port: number): V1ServicePort {
  return { name, port, targetPort: port, protocol: 'TCP' };
}
