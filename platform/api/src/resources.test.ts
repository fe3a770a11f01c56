import { describe, expect, it } from 'vitest';
import { nuclioFunctionSchema } from './function.ts';
import { enrichFunctionEvent, functionEventSchema } from './function-event.ts';
import { platformConfigSchema } from './platform-config.ts';
import { projectSchema } from './project.ts';

/** A function with every field that Nuclio 1.14 writes. */
const everything = {
  metadata: { name: 'f', namespace: 'nuclio', uid: 'u', labels: { a: 'b' }, annotations: { c: 'd' }, resourceVersion: '1', generation: 2 },
  spec: {
    description: 'd',
    disable: false,
    publish: false,
    handler: 'main:handler',
    runtime: 'python:3.9',
    env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }],
    envFrom: [{ configMapRef: { name: 'c' } }],
    resources: { limits: { 'nvidia.com/gpu': '1' }, requests: { cpu: '25m', memory: '1Mi' } },
    image: 'registry:5000/f:latest',
    imageHash: '17',
    replicas: 1,
    minReplicas: 0,
    maxReplicas: 4,
    targetCPU: 75,
    dataBindings: { db: { class: 'v3io', url: 'u', attributes: {} } },
    triggers: {
      k: {
        class: 'async',
        kind: 'kafka-cluster',
        name: 'k',
        disabled: false,
        numWorkers: 2,
        url: 'u',
        paths: ['p'],
        username: 'u',
        password: '$ref:/spec/triggers/k/password',
        secret: 's',
        partitions: [{ id: '1', checkpoint: '2' }],
        annotations: { a: 'b' },
        workerTerminationTimeout: '10s',
        workerAvailabilityTimeoutMilliseconds: 10_000,
        workerAllocatorName: 'w',
        explicitAckMode: 'explicitOnly',
        waitExplicitAckDuringRebalanceTimeout: '100ms',
        batch: { mode: 'enable', batchSize: 10, timeout: '1s' },
        total_tasks: 1,
        max_task_allocation: 1,
        attributes: { workerAllocationMode: 'static', topics: ['t'] },
      },
    },
    volumes: [{ volume: { name: 'v', configMap: { name: 'c' } }, volumeMount: { name: 'v', mountPath: '/c' } }],
    version: -1,
    alias: 'latest',
    build: {
      path: '',
      functionSourceCode: 'aGk=',
      registry: 'r',
      noBaseImagesPull: true,
      commands: ['pip install x'],
      directives: { preCopy: [{ kind: 'ENV', value: 'a=b' }] },
      addedPaths: { a: '/a' },
      codeEntryType: 'sourceCode',
      codeEntryAttributes: { branch: 'main', headers: { Authorization: 'x' } },
      timestamp: 1_700_000_000,
      buildTimeoutSeconds: 3600,
      mode: 'neverBuild',
      args: { a: 'b' },
      flags: ['--x'],
      builderServiceAccount: 'b',
    },
    runRegistry: 'r',
    imagePullSecrets: 's',
    runtimeAttributes: { repositories: [] },
    loggerSinks: [{ level: 'debug' }],
    dealerURI: '',
    platform: { attributes: { network: 'n' } },
    readinessTimeoutSeconds: 120,
    serviceType: 'NodePort',
    imagePullPolicy: 'Always',
    securityContext: { runAsUser: 1000 },
    serviceAccount: 'a',
    scaleToZero: { scaleResources: [{ metricName: 'm', windowSize: '1m', threshold: 0 }] },
    disableDefaultHTTPTrigger: true,
    disableSensitiveFieldsMasking: false,
    devices: ['/dev/x'],
    affinity: {},
    nodeSelector: { a: 'b' },
    nodeName: 'n',
    tolerations: [{ key: 'a' }],
    priorityClassName: 'p',
    preemptionPolicy: 'Never',
    deploymentStrategy: { type: 'Recreate' },
    hostIPC: false,
    customScalingMetricSpecs: [{ type: 'Resource' }],
    autoScaleMetrics: [{ metricName: 'cpu', threshold: 50, sourceType: 'Resource', displayType: 'percentage' }],
    waitReadinessTimeoutBeforeFailure: true,
    eventTimeout: '',
    preemptionMode: 'prevent',
    sidecars: [{ name: 's', image: 'i' }],
    initContainers: [{ name: 'i', image: 'i' }],
  },
  status: {
    state: 'scaledToZero',
    message: '',
    logs: [{ level: 'info', message: 'm', name: 'n', time: 1.5, err: null }],
    scaleToZero: { lastScaleEvent: 'scaleToZeroCompleted', lastScaleEventTime: '2025-01-01T00:00:00Z' },
    apiGateways: ['g'],
    httpPort: 30_000,
    containerImage: 'i',
    internalInvocationUrls: ['u'],
    externalInvocationUrls: [''],
    enrichedNodeSelector: { a: 'b' },
  },
};

describe('the resources of Nuclio 1.14', () => {
  it('functions pass with every field that there is, unchanged', () => {
    expect(nuclioFunctionSchema.parse(everything)).toEqual(everything);
  });

  it('projects pass with theirs', () => {
    const project = {
      metadata: { name: 'p', namespace: 'nuclio' },
      spec: { description: 'd', owner: 'o', defaultFunctionNodeSelector: { a: 'b' } },
      status: { adminStatus: 'online', operationalStatus: 'online', updatedAt: '2025-01-01T00:00:00Z' },
    };
    expect(projectSchema.parse(project)).toEqual(project);
  });

  it('events of functions pass with theirs, and are of kind http when they name none', () => {
    const attributes = { method: 'POST', path: '/x', headers: { a: 'b', n: 1 } };
    const event = { metadata: { name: 'e' }, spec: { displayName: 'd', triggerName: 't', body: 'b', attributes } };
    expect(enrichFunctionEvent(functionEventSchema.parse(event))).toEqual({ ...event, spec: { ...event.spec, triggerKind: 'http' } });
  });

  it('the platform configuration has defaults for all that is read of it', () => {
    expect(platformConfigSchema.parse({ kube: { defaultServiceType: 'NodePort' } })).toMatchObject({
      functionInvocationTimeout: '1m0s',
      kube: { defaultServiceType: 'NodePort', defaultHTTPIngressHostTemplate: '' },
      scaleToZero: { mode: 'disabled' },
    });
  });
});
