import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { paths, startController, type TestController } from './testing/controller.ts';

let world: TestController;

beforeEach(async () => {
  world = await startController();
});
afterEach(() => world.stop());

const statusOf = () => world.api.objects.get(paths.fn)?.status;
const putPlatform = (config: object) => world.api.put(paths.platformConfig, { data: { 'platform.yaml': JSON.stringify(config) } });
const adding = (spec: object) => ({ functionAugmentedConfigs: [{ kubernetes: { deployment: { spec } } }] });

/** Kubernetes takes no Deployment, as where one has a field that it does not know. */
function refuseDeployments(): void {
  world.api.intercept = (request, response: ServerResponse) => {
    if (request.method !== 'PATCH' || !request.url?.startsWith(paths.deployment)) return false;
    response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify({ message: 'no such field' }));
    return true;
  };
}

it('a function runs with what the platform adds to it, and stays as its owner wrote it', async () => {
  putPlatform({
    functionAugmentedConfigs: [
      { functionConfig: { spec: { minReplicas: 3, maxReplicas: 3 } } },
      ...adding({ minReadySeconds: 2 }).functionAugmentedConfigs,
    ],
  });
  await world.given({});
  await world.reconciler.reconcile('nuclio/f');
  expect(world.api.objects.get(paths.deployment)?.spec).toMatchObject({ replicas: 3, minReadySeconds: 2 });
  expect(world.api.objects.get(paths.fn)?.spec).not.toHaveProperty('minReplicas');
});

it('what does not fit a function is told, and the function comes right by itself once that is mended', async () => {
  putPlatform(adding({ minReadySeconds: 'soon' }));
  await world.given({});
  refuseDeployments();
  expect(await world.reconciler.reconcile('nuclio/f')).toEqual({ requeueAfterMs: expect.any(Number) });
  expect(statusOf()).toMatchObject({
    state: 'unhealthy',
    message: expect.stringMatching(/functionAugmentedConfigs of the platform configuration add does not fit.*no such field/),
  });
  world.api.intercept = undefined;
  await expect.poll(() => world.functions.get('nuclio/f')?.status).toMatchObject({ state: 'unhealthy' });
  await world.reconciler.reconcile('nuclio/f');
  world.rolledOut();
  await world.reachesState('ready');
  expect(statusOf()).toMatchObject({ message: '' });
});

it('a function that serves goes on serving', async () => {
  await world.given({}, { state: 'ready' });
  putPlatform(adding({ minReadySeconds: 'soon' }));
  refuseDeployments();
  await world.reconciler.reconcile('nuclio/f');
  expect(statusOf()).toMatchObject({ state: 'ready', message: expect.stringMatching(/does not fit this function/) });
});
