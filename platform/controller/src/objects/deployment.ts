import { createHash } from 'node:crypto';
import { annotations, defaults, paths, ports } from '@ampoule/platform-api/constants';
import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Container, V1Deployment, V1PodSpec, V1Volume, V1VolumeMount } from '@ampoule/platform-api/kube/types';
import { objectNameOf, selectorLabelsOf } from '@ampoule/platform-api/names';
import { processorYamlOf } from './config-map.ts';
import { metadataOf } from './metadata.ts';

/** The user that all of our images run as. */
const USER = 65532;
/** Tells the pods of one configuration from those of another. */
export const CONFIG_HASH = 'ampoule.internal/config-hash';

/** The replicas to start with; later the number belongs to whoever scales the function. */
export function replicasOf({ disable, replicas, minReplicas }: FunctionSpec): number {
  if (disable === true) return 0;
  return replicas ?? Math.max(minReplicas ?? 1, 1);
}

/** The Deployment of a function. */
export function deploymentOf(fn: NuclioFunction, version: string): V1Deployment {
  const { metadata, spec } = fn;
  const shared = metadataOf(fn);
  const selector = selectorLabelsOf(metadata.name);
  return {
    metadata: { ...shared, annotations: { [annotations.controllerVersion]: version } },
    spec: {
      replicas: replicasOf(spec),
      progressDeadlineSeconds: spec.readinessTimeoutSeconds || defaults.readinessTimeoutSeconds,
      revisionHistoryLimit: 2,
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: {
          labels: { ...metadata.labels, ...selector },
          annotations: {
            [annotations.defaultContainer]: 'nuclio',
            // New configuration has to be read by new processors.
            [CONFIG_HASH]: createHash('sha256').update(processorYamlOf(fn)).digest('hex').slice(0, 16),
          },
        },
        spec: podOf(fn),
      },
    },
  };
}

function podOf(fn: NuclioFunction): V1PodSpec {
  const { spec } = fn;
  const optional = {
    serviceAccountName: spec.serviceAccount,
    nodeSelector: spec.nodeSelector,
    tolerations: spec.tolerations,
    affinity: spec.affinity,
    priorityClassName: spec.priorityClassName,
    imagePullSecrets: spec.imagePullSecrets ? [{ name: spec.imagePullSecrets }] : undefined,
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined && value !== null && value !== ''));
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: { runAsNonRoot: true, runAsUser: USER, runAsGroup: USER, fsGroup: USER, seccompProfile: { type: 'RuntimeDefault' } },
    ...given,
    containers: [containerOf(fn)],
    volumes: [
      { name: 'processor-config-volume', configMap: { name: objectNameOf(fn.metadata.name) } },
      { name: 'platform-config-volume', configMap: { name: 'nuclio-platform-config', optional: true } },
      { name: 'tmp', emptyDir: {} },
      ...(spec.volumes ?? []).flatMap(({ volume }) => (volume === undefined ? [] : [volume as unknown as V1Volume])),
    ],
  };
}

function containerOf({ metadata, spec }: NuclioFunction): V1Container {
  const probe = { timeoutSeconds: 1, periodSeconds: 1, failureThreshold: 10, initialDelaySeconds: 0 };
  return {
    name: 'nuclio',
    image: spec.image ?? '',
    // Images are named by their content, so one that is there is the right one.
    imagePullPolicy: spec.imagePullPolicy || 'IfNotPresent',
    ports: [{ name: 'http', containerPort: ports.http, protocol: 'TCP' }],
    env: [
      ...((spec.env ?? []) as V1Container['env'] & object),
      { name: 'NUCLIO_FUNCTION_NAME', value: metadata.name },
      { name: 'NUCLIO_FUNCTION_VERSION', value: 'latest' },
      { name: 'NUCLIO_FUNCTION_INSTANCE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'NUCLIO_FUNCTION_HANDLER', value: spec.handler ?? '' },
    ],
    ...(spec.envFrom ? { envFrom: spec.envFrom as V1Container['envFrom'] & object } : {}),
    ...(spec.resources ? { resources: spec.resources as V1Container['resources'] & object } : {}),
    readinessProbe: { httpGet: { path: paths.health, port: ports.http, scheme: 'HTTP' }, ...probe },
    livenessProbe: { httpGet: { path: '/live', port: ports.health, scheme: 'HTTP' }, ...probe, timeoutSeconds: 3, periodSeconds: 5 },
    // Time for the endpoint to vanish from all nodes before the processor stops to listen.
    lifecycle: { preStop: { sleep: { seconds: 2 } } },
    // The last lines of a processor that died are what its owner needs to see.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'processor-config-volume', mountPath: paths.processorConfig, readOnly: true },
      { name: 'platform-config-volume', mountPath: paths.platformConfig, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
      ...(spec.volumes ?? []).flatMap(({ volumeMount }) => (volumeMount === undefined ? [] : [volumeMount as unknown as V1VolumeMount])),
    ],
  };
}
