import { afterEach, expect, it } from 'vitest';
import { startRollouts, type TestRollouts } from '../testing/rollouts.ts';

const SERVICE = '/api/v1/namespaces/nuclio/services/nuclio-alias-f-live';
const alias = { function: 'f', version: 1 };

let world: TestRollouts;
afterEach(() => world.stop());

it('an alias has a Service that leads to the gateways and vanishes together with its API gateway', async () => {
  world = await startRollouts({ alias });
  await world.look();
  expect(world.api.objects.get(SERVICE)).toMatchObject({
    metadata: {
      labels: { 'nuclio.io/class': 'alias', 'nuclio.io/apigateway-name': 'f-live' },
      ownerReferences: [{ kind: 'NuclioAPIGateway', name: 'f-live', uid: expect.stringMatching(/./) }],
    },
    spec: { type: 'ExternalName', externalName: 'gateway.ampoule-ingress.svc.cluster.local' },
  });
});

it('a Service that somebody changes is mended, and one that is right is left alone', async () => {
  world = await startRollouts({ alias });
  await world.look();
  world.api.put(SERVICE, { spec: { type: 'ExternalName', externalName: 'elsewhere' } });
  const specOf = () => world.api.objects.get(SERVICE)?.spec;
  await expect.poll(() => world.look().then(specOf)).toMatchObject({ externalName: 'gateway.ampoule-ingress.svc.cluster.local' });
  const versionOf = () => world.api.objects.get(SERVICE)?.metadata?.resourceVersion;
  await expect
    .poll(() => {
      const before = versionOf();
      return world.look().then(() => before === versionOf());
    })
    .toBe(true);
});

it('a function whose Service has that name keeps it', async () => {
  world = await startRollouts({ alias });
  world.api.put('/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/alias-f-live', { spec: {}, status: {} });
  await world.restart();
  await world.look();
  expect(world.api.objects.get(SERVICE)).toBeUndefined();
});

it('an API gateway that is no alias has none', async () => {
  world = await startRollouts({});
  await world.look();
  expect(world.api.objects.get(SERVICE)).toBeUndefined();
});
