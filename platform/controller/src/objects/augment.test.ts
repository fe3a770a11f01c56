import { nuclioFunctionSchema } from '@ampoule/platform-api/function';
import { platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { describe, expect, it } from 'vitest';
import { unfitnessOf } from '../warm/fitness.ts';
import { objectsOf } from './all.ts';
import { augmented, augmentsOf, deploymentSpecsOf } from './augment.ts';

/** The objects of function `f`, whose label `team` is `a`, with what the platform adds. */
function render(spec: object, functionAugmentedConfigs: object[]) {
  const metadata = { name: 'f', namespace: 'nuclio', uid: 'u', labels: { team: 'a' } };
  const stored = nuclioFunctionSchema.parse({ metadata, spec: { image: 'i:1', triggers: { w: { kind: 'http', name: 'w' } }, ...spec } });
  const platform = platformConfigSchema.parse({ functionAugmentedConfigs });
  const added = augmentsOf(stored, platform);
  const fn = augmented(stored, added);
  const before = JSON.stringify(stored);
  const context = { platform, deploymentSpecs: deploymentSpecsOf(added), projectNodeSelector: {} };
  const shared = { phase: 'up', isServing: true, version: '1', shellImage: 'shell:1', currentReplicas: undefined } as const;
  const { deployment, configMap } = objectsOf(fn, { ...shared, ...context });
  expect(JSON.stringify(stored)).toBe(before);
  return { fn, deployment: deployment.spec, pod: deployment.spec?.template.spec, configMap, unfit: unfitnessOf(fn, context) };
}

const forAll = (spec: object) => ({ kubernetes: { deployment: { spec } } });
const toA = (config: object) => ({ labelSelector: { matchLabels: { team: 'a', 'nuclio.io/class': 'function' } }, ...config });

describe('functionAugmentedConfigs', () => {
  it('change functions with their labels, as the processor sees them too, and later ones win', () => {
    const { pod, configMap } = render({ eventTimeout: '1s', nodeSelector: { disk: 'fast' }, tolerations: [{ key: 'own' }] }, [
      toA({ functionConfig: { metadata: { annotations: { note: 'n' } }, spec: { eventTimeout: '5s', nodeSelector: { zone: 'z' } } } }),
      toA({ functionConfig: { spec: { eventTimeout: '9s', tolerations: [{ key: 'theirs' }] } } }),
      { labelSelector: { matchLabels: { team: 'b' } }, functionConfig: { spec: { eventTimeout: '99s' } } },
    ]);
    const config = JSON.parse(configMap.data?.['processor.yaml'] ?? '');
    expect(config).toMatchObject({ metadata: { name: 'f', annotations: { note: 'n' } }, spec: { eventTimeout: '9s', image: 'i:1' } });
    expect(pod).toMatchObject({ nodeSelector: { disk: 'fast', zone: 'z' }, tolerations: [{ key: 'theirs' }] });
  });

  it('fill the Deployment where its function says nothing, the first one before the others', () => {
    const { deployment, pod } = render({ securityContext: { fsGroup: 7 }, priorityClassName: 'own' }, [
      forAll({
        minReadySeconds: 3,
        template: { metadata: { annotations: { mesh: 'on' } }, spec: { runtimeClassName: 'gvisor', priorityClassName: 'theirs' } },
      }),
      forAll({
        minReadySeconds: 5,
        revisionHistoryLimit: 9,
        template: {
          spec: { hostAliases: [{ ip: '10.0.0.1' }], securityContext: { runAsUser: 1000, fsGroup: 8 }, containers: [{ name: 'x' }] },
        },
      }),
    ]);
    expect(deployment).toMatchObject({ minReadySeconds: 3, revisionHistoryLimit: 9, replicas: 1 });
    expect(deployment?.template.metadata?.annotations).toMatchObject({ mesh: 'on', 'nuclio.io/prometheus_pull': 'true' });
    expect(pod).toMatchObject({
      runtimeClassName: 'gvisor',
      priorityClassName: 'own',
      hostAliases: [{ ip: '10.0.0.1' }],
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 7 },
    });
    expect(pod?.containers.map(({ name }) => name)).toEqual(['nuclio']);
  });

  it('cannot make the pods of a function those of another one', () => {
    const labels = { 'nuclio.io/function-name': 'g', more: 'm' };
    const { deployment } = render({}, [forAll({ template: { metadata: { labels } } }), { functionConfig: { metadata: { labels } } }]);
    expect(deployment?.template.metadata?.labels).toMatchObject({ 'nuclio.io/function-name': 'f', more: 'm' });
    expect(deployment?.selector.matchLabels).toMatchObject({ 'nuclio.io/function-name': 'f' });
    expect(deployment?.selector.matchLabels).not.toHaveProperty('more');
  });

  it.each([
    ['theirs before the usual one', {}, { type: 'Recreate' }],
    ["the function's own before theirs", { deploymentStrategy: { type: 'RollingUpdate' } }, { type: 'RollingUpdate' }],
  ])('have a say in the strategy: %s', (_what, spec, strategy) => {
    expect(render(spec, [forAll({ strategy: { type: 'Recreate' } })]).deployment?.strategy).toEqual(strategy);
  });

  it('leave no function to warm pods whose Deployment they fill, and count for those that they change', () => {
    expect(render({ runtime: 'nodejs' }, []).unfit).toBeUndefined();
    expect(render({ runtime: 'nodejs' }, [forAll({ minReadySeconds: 3 })]).unfit).toBe('it has a Deployment that the platform adds to');
    expect(render({ runtime: 'nodejs' }, [{ functionConfig: { spec: { nodeName: 'n' } } }]).unfit).toBe('it has a node');
  });
});
