import { nuclioFunctionSchema } from '@ampoule/platform-api/function';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { describe, expect, it } from 'vitest';
import { type FunctionObjects, objectsOf } from './all.ts';
import type { RenderContext } from './context.ts';

function render(spec: object, { platform = {}, metadata = {}, ...context }: Record<string, unknown> & { metadata?: object } = {}) {
  const object = {
    metadata: { name: 'f', namespace: 'nuclio', uid: 'u', ...metadata },
    spec: { image: 'i:1', triggers: { w: { kind: 'http', name: 'w' } }, ...spec },
  };
  const shared = {
    phase: 'up',
    isServing: true,
    version: '1',
    shellImage: 'shell:1',
    projectNodeSelector: {},
    currentReplicas: undefined,
  } as const;
  return objectsOf(nuclioFunctionSchema.parse(object), {
    ...shared,
    platform: platformConfigSchema.parse(platform),
    ...context,
  } as RenderContext);
}

const podOf = ({ deployment }: FunctionObjects) => deployment.spec?.template.spec;
const containerOf = (objects: FunctionObjects) => podOf(objects)?.containers[0];

describe('the pod of a function', () => {
  it.each([
    ['its variables and where they come from', { env: [{ name: 'A', value: 'b' }], envFrom: [{ secretRef: { name: 's' } }] }],
    ['its resources, GPUs too', { resources: { requests: { cpu: '25m' }, limits: { 'nvidia.com/gpu': 1 } } }],
    ['its pull policy', { imagePullPolicy: 'Always' }],
  ])('has %s', (_what, spec) => {
    const { env, ...others } = spec as { env?: object[] };
    expect(containerOf(render(spec))).toMatchObject(others);
    expect(containerOf(render(spec))?.env).toEqual(expect.arrayContaining(env ?? []));
  });

  it.each([
    ['nodeSelector', { disk: 'fast' }],
    ['nodeName', 'node-1'],
    ['affinity', { nodeAffinity: {} }],
    ['tolerations', [{ key: 'k', operator: 'Exists' }]],
    ['priorityClassName', 'high'],
    ['preemptionPolicy', 'Never'],
  ])('has its %s', (field, value) => {
    expect(podOf(render({ [field]: value }))).toMatchObject({ [field]: value });
  });

  it('knows its function by the variables that Nuclio sets', () => {
    const env = containerOf(render({ handler: 'main:handler', description: 'd' }))?.env;
    expect(env).toEqual([
      { name: 'NUCLIO_FUNCTION_NAME', value: 'f' },
      { name: 'NUCLIO_FUNCTION_VERSION', value: 'latest' },
      { name: 'NUCLIO_FUNCTION_DESCRIPTION', value: 'd' },
      { name: 'NUCLIO_FUNCTION_HANDLER', value: 'main:handler' },
      { name: 'NUCLIO_FUNCTION_INSTANCE', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
    ]);
  });

  it('gets a token for Kubernetes only with a service account of its own', () => {
    expect(podOf(render({}))).toMatchObject({ automountServiceAccountToken: false });
    expect(podOf(render({ serviceAccount: 'robot' }))).toMatchObject({ serviceAccountName: 'robot', automountServiceAccountToken: true });
  });

  it('keeps the rules of security that its owner does not change', () => {
    expect(podOf(render({ securityContext: { runAsUser: 1000, fsGroup: 7 } }))?.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 65532,
      fsGroup: 7,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('mounts its volumes, one volume in several places too, but no folder of the host', () => {
    const volume = { name: 'data', configMap: { name: 'c' } };
    const pod = podOf(
      render({
        volumes: [
          { volume, volumeMount: { name: 'data', mountPath: '/a' } },
          { volume, volumeMount: { name: 'data', mountPath: '/b' } },
          { volume: { name: 'etc', hostPath: { path: '/etc' } }, volumeMount: { name: 'etc', mountPath: '/host' } },
        ],
      }),
    );
    expect(pod?.volumes?.filter(({ name }) => name === 'data')).toEqual([volume]);
    expect(pod?.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toEqual(expect.arrayContaining(['/a', '/b']));
    expect(JSON.stringify(pod)).not.toContain('hostPath');
  });

  it('has sidecars and init containers with the same mounts, without rights that they do not ask for', () => {
    const objects = render({
      sidecars: [{ name: 'proxy', image: 'p:1', ports: [{ name: 'grpc', containerPort: 9000 }] }],
      initContainers: [{ name: 'migrate', image: 'm:1', securityContext: { runAsUser: 1 } }],
    });
    const hardened = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    expect(podOf(objects)?.containers[1]).toMatchObject({ name: 'proxy', securityContext: hardened });
    expect(podOf(objects)?.containers[1]?.volumeMounts).toEqual(containerOf(objects)?.volumeMounts);
    expect(podOf(objects)?.initContainers?.[0]).toMatchObject({ name: 'migrate', securityContext: { ...hardened, runAsUser: 1 } });
    expect(objects.service.spec?.ports).toContainEqual({ name: 'grpc', port: 9000, targetPort: 9000, protocol: 'TCP' });
  });

  it("takes what its function leaves out from the platform's configuration, the project's node selector before the platform's", () => {
    const kube = {
      defaultFunctionNodeSelector: { zone: 'platform', rack: '1' },
      defaultFunctionTolerations: [{ key: 'k' }],
      defaultFunctionPriorityClassName: 'usual',
      defaultFunctionServiceAccount: 'functions',
    };
    const context = { platform: { kube }, projectNodeSelector: { zone: 'project' } };
    expect(podOf(render({}, context))).toMatchObject({
      nodeSelector: { zone: 'project', rack: '1' },
      tolerations: [{ key: 'k' }],
      priorityClassName: 'usual',
      serviceAccountName: 'functions',
    });
    const own = podOf(render({ nodeSelector: { zone: 'own' }, tolerations: [] }, context));
    expect(own).toMatchObject({ nodeSelector: { zone: 'own', rack: '1' } });
    expect(own?.tolerations ?? []).toEqual([]);
  });

  it('is told apart and found by the labels and annotations that Nuclio sets', () => {
    const { deployment, service } = render({ description: 'text', imageHash: 'h' }, { metadata: { labels: { team: 't' } } });
    const labels = {
      'nuclio.io/class': 'function',
      'nuclio.io/app': 'functionres',
      'nuclio.io/function-name': 'f',
      'nuclio.io/function-version': 'latest',
    };
    expect(deployment.metadata).toMatchObject({
      name: 'nuclio-f',
      labels: { ...labels, team: 't' },
      annotations: {
        description: 'text',
        'nuclio.io/function-config': expect.stringContaining('"image":"i:1"'),
        'nuclio.io/controller-version': '1',
      },
    });
    expect(deployment.spec?.template.metadata).toMatchObject({
      labels: { ...labels, team: 't' },
      annotations: {
        'kubectl.kubernetes.io/default-container': 'nuclio',
        'nuclio.io/image-hash': 'h',
        'nuclio.io/prometheus_pull': 'true',
        'nuclio.io/prometheus_pull_port': '8090',
      },
    });
    expect(service.spec?.selector).toEqual(labels);
  });

  it('shows its metrics where the platform pulls them', () => {
    const platform = { metrics: { sinks: { pull: { kind: 'prometheusPull', url: ':9100' } }, functions: ['pull'] } };
    const objects = render({}, { platform });
    expect(containerOf(objects)?.ports).toContainEqual({ name: 'metrics', containerPort: 9100, protocol: 'TCP' });
    expect(objects.service.spec?.ports).toContainEqual({ name: 'metrics', port: 9100, targetPort: 9100, protocol: 'TCP' });
    expect(containerOf(render({}))?.ports?.map(({ name }) => name)).toEqual(['http']);
  });
});

describe('the strategy of an update', () => {
  it.each([
    ['is rolling', {}, 'RollingUpdate'],
    ['takes turns at a GPU', { resources: { limits: { 'nvidia.com/gpu': '1' } } }, 'Recreate'],
    ['takes turns at a GPU of any maker', { resources: { limits: { 'amd.com/gpu': 1 } } }, 'Recreate'],
    ['is rolling without a GPU', { resources: { limits: { 'nvidia.com/gpu': '0' } } }, 'RollingUpdate'],
    ['is what its owner says', { deploymentStrategy: { type: 'Recreate' } }, 'Recreate'],
  ])('%s', (_what, spec, type) => {
    expect(render(spec).deployment.spec?.strategy?.type).toBe(type);
  });
});

describe('the replicas of a function', () => {
  it.each([
    ['is one where nothing is said', {}, {}, 1],
    ['is what is given', { replicas: 3, minReplicas: 1, maxReplicas: 5 }, {}, 3],
    ['begins with the minimum', { minReplicas: 2, maxReplicas: 5 }, {}, 2],
    ['begins with one where it may go down to none', { minReplicas: 0, maxReplicas: 5 }, {}, 1],
    ['stays what the autoscaler made it', { minReplicas: 1, maxReplicas: 5 }, { currentReplicas: 4 }, 4],
    ['is what it is scaled to', { minReplicas: 1, maxReplicas: 5 }, { currentReplicas: 4, scaling: { wanted: 2, allowed: 9 } }, 2],
    ['is no more than its project lets it have', { minReplicas: 3, maxReplicas: 5 }, { currentReplicas: 4, scaling: { allowed: 2 } }, 2],
    ['is no more than that where it is given as well', { replicas: 3 }, { scaling: { allowed: 2 } }, 2],
    ['comes down to a new maximum', { minReplicas: 1, maxReplicas: 2 }, { currentReplicas: 4 }, 2],
    ['goes up to a new minimum', { minReplicas: 3, maxReplicas: 5 }, { currentReplicas: 1 }, 3],
    ['is none while disabled', { disable: true, replicas: 3 }, {}, 0],
    ['is none while scaled to zero', { minReplicas: 0, maxReplicas: 5 }, { phase: 'zero', currentReplicas: 1 }, 0],
    ['is none while it is only imported', { replicas: 2 }, { phase: 'held' }, 0],
    ['is one again while it wakes up', { minReplicas: 0, maxReplicas: 5 }, { phase: 'waking', currentReplicas: 0 }, 1],
  ])('%s', (_what, spec, context, replicas) => {
    expect(render(spec, context).deployment.spec?.replicas).toBe(replicas);
  });
});

describe('the autoscaler of a function', () => {
  const between = { minReplicas: 0, maxReplicas: 4 };

  it.each([
    ['a fixed number', { minReplicas: 2, maxReplicas: 2 }, {}],
    ['given replicas', { ...between, replicas: 2 }, {}],
    ['none or one', { minReplicas: 0, maxReplicas: 1 }, {}],
    ['a disabled function', { ...between, disable: true }, {}],
    ['an imported function', between, { phase: 'held' }],
    ['one that is scaled by what its processors count', { ...between, autoScaleMetrics: [{ metricName: 'lag', threshold: 5 }] }, {}],
  ])('is not there for %s', (_what, spec, context) => {
    expect(render(spec, context).autoscaler).toBeUndefined();
  });

  const cpu = (averageUtilization: number) => [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } },
  ];
  const own = [{ type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '1' } } }];
  const named = [{ metricName: 'lag', windowSize: '1m', threshold: 7, sourceType: 'External' }];

  it.each([
    ['the CPU, as Nuclio does', {}, {}, cpu(75)],
    ['the CPU at the target of its owner', { targetCPU: 40 }, {}, cpu(40)],
    ['what its owner specifies', { customScalingMetricSpecs: own }, {}, own],
    [
      'the metrics that its owner names, where the platform allows that',
      { autoScaleMetrics: named },
      { autoScaleMetricsMode: 'custom' },
      [{ type: 'External', external: { metric: { name: 'lag_per_1m' }, target: { type: 'Value', value: '7' } } }],
    ],
    ['the CPU where the platform does not allow to name metrics', { autoScaleMetrics: named }, {}, cpu(75)],
    [
      "the platform's metric",
      {},
      { autoScale: { metricName: 'memory', targetValue: '100Mi' } },
      [{ type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '100Mi' } } }],
    ],
  ])('goes by %s', (_what, spec, platform, metrics) => {
    expect(render({ ...between, ...spec }, { platform }).autoscaler?.spec).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'nuclio-f' },
      minReplicas: 1,
      maxReplicas: 4,
      metrics,
    });
  });
});

describe('the Service of a function', () => {
  it.each([
    ['is for the cluster alone', {}, { type: 'ClusterIP' }],
    ['is what its owner says', { serviceType: 'NodePort' }, { type: 'NodePort' }],
    [
      'is what the trigger says, before all else',
      { serviceType: 'ClusterIP', triggers: { w: { kind: 'http', attributes: { serviceType: 'NodePort', port: 30_000 } } } },
      { type: 'NodePort', ports: [{ name: 'http', port: 8080, nodePort: 30_000 }] },
    ],
  ])('%s', (_what, spec, expected) => {
    expect(render(spec).service.spec).toMatchObject(expected);
  });

  it.each([
    ['sleeps', { phase: 'zero' }],
    ['wakes up', { phase: 'waking' }],
    ['has no pod yet that serves', { phase: 'up', isServing: false }],
  ])('leads to the activator while the function %s', (_what, context) => {
    expect(render({}, context).service.spec?.selector).toEqual({ 'nuclio.io/app': 'dlx' });
  });
});

describe('cron triggers', () => {
  const attributes = { schedule: '*/10 0 3 * * *', event: { body: 'now', headers: { 'X-A': 1 } } };
  const triggers = { w: { kind: 'http' }, c: { kind: 'cron', attributes }, off: { kind: 'cron', disabled: true, attributes } };
  const kube = { platform: { cronTriggerCreationMode: 'kube' } };

  it('are the business of the processor, unless the platform says otherwise', () => {
    const objects = render({ triggers });
    expect(objects.cronJobs).toEqual([]);
    expect(objects.configMap.data?.['processor.yaml']).toContain('"cron"');
  });

  it('become jobs of Kubernetes that call the function, and the processor knows nothing of them', () => {
    const { cronJobs, configMap } = render({ triggers }, kube);
    expect(configMap.data?.['processor.yaml']).not.toContain('"cron"');
    expect(cronJobs).toHaveLength(1);
    const [job] = cronJobs;
    expect(job?.metadata).toMatchObject({
      name: expect.stringMatching(/^nuclio-cron-job-[0-9a-f]{20}$/),
      labels: { 'nuclio.io/component': 'cron-trigger', 'nuclio.io/function-cron-trigger-name': 'c', 'nuclio.io/function-name': 'f' },
    });
    expect(job?.spec).toMatchObject({ schedule: '0 3 * * *', concurrencyPolicy: 'Forbid', suspend: false, successfulJobsHistoryLimit: 1 });
    const pod = job?.spec?.jobTemplate.spec?.template;
    expect(job?.spec?.jobTemplate.spec?.backoffLimit).toBe(2);
    expect(pod?.metadata?.labels?.['nuclio.io/class']).toBeUndefined();
    expect(pod?.spec?.containers[0]?.command).toEqual(
      expect.arrayContaining(['X-A: 1', 'X-Nuclio-Invoke-Trigger: cron', 'X-Nuclio-Target: f', 'now', 'http://nuclio-f.nuclio.svc:8080/']),
    );
  });

  it.each([
    ['every so often', { attributes: { interval: '30s' } }, {}, { schedule: '@every 30s' }],
    ['with a policy', { attributes: { schedule: '0 3 * * *', concurrencyPolicy: 'Replace' } }, {}, { concurrencyPolicy: 'Replace' }],
    ['not while disabled', { attributes }, { disable: true }, { suspend: true }],
  ])('run %s', (_what, trigger, spec, expected) => {
    const { cronJobs } = render({ ...spec, triggers: { c: { kind: 'cron', ...trigger } } }, kube);
    expect(cronJobs[0]?.spec).toMatchObject(expected);
  });

  it('without a time are refused', () => {
    expect(() => render({ triggers: { c: { kind: 'cron' } } }, kube)).toThrow(/must have a schedule or an interval/);
  });
});
