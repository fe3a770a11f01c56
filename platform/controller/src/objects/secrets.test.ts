import { nuclioFunctionSchema } from '@ampoule/platform-api/function';
import { dataKeyOf } from '@ampoule/platform-api/mask-secret';
import { defaultPlatformConfig, platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { describe, expect, it } from 'vitest';
import { unfitnessOf } from '../warm/fitness.ts';
import { objectsOf } from './all.ts';

const PASSWORD = '$ref:/spec/triggers/k/password';
const triggers = { k: { kind: 'nats', password: PASSWORD } };
const RESTORE = { name: 'NUCLIO_RESTORE_FUNCTION_CONFIG_FROM_SECRET', value: 'true' };
const MOUNT = { name: 'function-secret', mountPath: '/etc/nuclio/secrets', readOnly: true };

function podOf(spec: object, secret = 'nuclio-f-1a2b3c4d') {
  const metadata = { name: 'f', namespace: 'nuclio', uid: 'u', annotations: { 'ampoule.internal/secret': secret } };
  const fn = nuclioFunctionSchema.parse({ metadata, spec: { image: 'i:1', runtime: 'nodejs', ...spec } });
  const platform = platformConfigSchema.parse({});
  const shared = { phase: 'up', isServing: true, version: '1', shellImage: 's', projectNodeSelector: {}, currentReplicas: 1 } as const;
  const pod = objectsOf(fn, { ...shared, platform }).deployment.spec?.template.spec;
  return { volumes: pod?.volumes ?? [], containers: [...(pod?.containers ?? []), ...(pod?.initContainers ?? [])] };
}

describe('the pods of a function with secrets', () => {
  it('have its Secret mounted in each container, and are told so, as in Nuclio', () => {
    const { volumes, containers } = podOf({
      triggers,
      sidecars: [{ name: 's', image: 's:1' }],
      initContainers: [{ name: 'i', image: 'i:1' }],
    });

    const items = [{ key: 'content', path: 'content' }];
    expect(volumes).toContainEqual({ name: 'function-secret', secret: { secretName: 'nuclio-f-1a2b3c4d', items } });
    expect(containers).toHaveLength(3);
    for (const { volumeMounts } of containers) expect(volumeMounts).toContainEqual(MOUNT);
    expect(containers[0]?.env).toContainEqual(RESTORE);
  });

  it('are other ones with another Secret', () => {
    expect(podOf({ triggers }, 'nuclio-f-5e6f7a8b')).not.toEqual(podOf({ triggers }));
  });

  it('take masked variables out of the Secret', () => {
    const variables = (place: string) => [
      { name: 'OPEN', value: 'x' },
      { name: 'KEY', value: `$ref:${place}/env[1]/value` },
    ];
    const spec = { env: variables('/spec'), sidecars: [{ name: 's', image: 's:1', env: variables('/spec/sidecars[0]') }] };

    const { containers } = podOf(spec);

    for (const [index, place] of [
      [0, '/spec'],
      [1, '/spec/sidecars[0]'],
    ] as const) {
      const key = dataKeyOf(`$ref:${place}/env[1]/value`);
      expect(containers[index]?.env?.slice(0, 2)).toEqual([
        { name: 'OPEN', value: 'x' },
        { name: 'KEY', valueFrom: { secretKeyRef: { name: 'nuclio-f-1a2b3c4d', key } } },
      ]);
    }
  });

  it('have no Secret where only the builder needs one', () => {
    const { volumes, containers } = podOf({
      build: { codeEntryAttributes: { password: '$ref:/spec/build/codeentryattributes/password' } },
    });

    expect(volumes.map(({ name }) => name)).not.toContain('function-secret');
    expect(containers[0]?.env).not.toContainEqual(RESTORE);
  });

  it('are their own alone: no warm pod has the Secret', () => {
    const context = { platform: defaultPlatformConfig, projectNodeSelector: {} };

    expect(unfitnessOf({ spec: { runtime: 'nodejs', triggers } }, context)).toBe('it has secrets');
  });
});
