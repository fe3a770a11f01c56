import { paths, ports } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import { hardened } from '@ampoule/platform-api/kube/pod-security';
import type { V1Container } from '@ampoule/platform-api/kube/types';
import { mountedSecretOf } from '@ampoule/platform-api/mask';
import { RESTORE_VARIABLE } from '@ampoule/platform-api/mask-secret';
import type { RenderContext } from './context.ts';
import { metricsPortOf } from './metrics-port.ts';
import { openVariablesOf } from './secret-variables.ts';
import { volumeMountsOf } from './volumes.ts';

/** The container that runs the processor. */
export function functionContainerOf(fn: NuclioFunction, { platform }: RenderContext): V1Container {
  const { spec } = fn;
  const metricsPort = metricsPortOf(platform);
  return {
    name: 'nuclio',
    image: spec.image ?? '',
    // Images are named by their content, so one that is there is the right one.
    imagePullPolicy: spec.imagePullPolicy || 'IfNotPresent',
    ports: [
      { name: 'http', containerPort: ports.http, protocol: 'TCP' },
      ...(metricsPort === undefined ? [] : [{ name: 'metrics', containerPort: metricsPort, protocol: 'TCP' }]),
    ],
    env: [
      ...openVariablesOf(fn, spec.env, '/spec'),
      ...Object.entries(functionVariablesOf(fn)).map(([name, value]) => ({ name, value })),
      { name: 'NUCLIO_FUNCTION_INSTANCE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    ],
    ...(spec.envFrom ? { envFrom: spec.envFrom as V1Container['envFrom'] & object } : {}),
    ...(spec.resources ? { resources: spec.resources as V1Container['resources'] & object } : {}),
    // Nuclio waits 5 s before it looks for the first time, which every cold start would pay for.
    readinessProbe: {
      httpGet: { path: paths.health, port: ports.http, scheme: 'HTTP' },
      initialDelaySeconds: 0,
      timeoutSeconds: 1,
      periodSeconds: 1,
      failureThreshold: 10,
    },
    livenessProbe: {
      httpGet: { path: '/live', port: ports.health, scheme: 'HTTP' },
      initialDelaySeconds: 10,
      timeoutSeconds: 3,
      periodSeconds: 5,
    },
    // Time for the endpoint to vanish from all nodes before the processor stops to listen.
    lifecycle: { preStop: { sleep: { seconds: 2 } } },
    // The last lines of a processor that died are what its owner needs to see.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: { ...hardened, readOnlyRootFilesystem: true },
    volumeMounts: volumeMountsOf(fn),
  };
}

/** The environment variables that tell a processor whose it is, beside the name of its pod. */
export function functionVariablesOf({ metadata, spec }: NuclioFunction): Record<string, string> {
  return {
    NUCLIO_FUNCTION_NAME: metadata.name,
    NUCLIO_FUNCTION_VERSION: 'latest',
    NUCLIO_FUNCTION_DESCRIPTION: spec.description ?? '',
    NUCLIO_FUNCTION_HANDLER: spec.handler ?? '',
    ...(mountedSecretOf({ metadata, spec }) === undefined ? {} : { [RESTORE_VARIABLE]: 'true' }),
  };
}

/** Sidecars and init containers: as they are given, with the function's mounts, and without rights that they do not ask for. */
export function extraContainersOf(fn: NuclioFunction, kind: 'sidecars' | 'initContainers'): V1Container[] {
  return ((fn.spec[kind] ?? []) as unknown as V1Container[]).map((container, index) => ({
    ...container,
    ...(container.env === undefined ? {} : { env: openVariablesOf(fn, container.env, `/spec/${kind}[${index}]`) }),
    terminationMessagePolicy: container.terminationMessagePolicy ?? 'FallbackToLogsOnError',
    securityContext: { ...hardened, ...container.securityContext },
    volumeMounts: [...(container.volumeMounts ?? []), ...volumeMountsOf(fn)],
  }));
}
