import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kinds, spec, startDashboard, type TestDashboard } from '../testing/dashboard.ts';
import { at, building, fn, ready, withEvent, withGateway } from '../testing/functions.ts';
import { playRows, type Row } from '../testing/rows.ts';

const replacing: Row[] = [
  {
    it: 'are replaced in full and built anew, and go on to be reachable meanwhile',
    given: ready,
    call: 'PUT /api/functions/f',
    body: fn('f', { ...spec, handler: 'x:y' }),
    status: 202,
    after: { [at('f')]: { spec: { handler: 'x:y' }, status: { state: 'building', internalInvocationUrls: ['f:8080'] } } },
  },
  {
    it: 'are replaced by the name in the body, whatever the path says',
    given: ready,
    call: 'PUT /api/functions/other',
    body: fn('f', { ...spec, handler: 'x:y' }),
    status: 202,
    after: { [at('f')]: { spec: { handler: 'x:y' } }, [at('other')]: undefined },
  },
  {
    it: 'are created by a replacement where there is none',
    call: 'PUT /api/functions/f',
    body: fn('f'),
    status: 202,
    after: { [at('f')]: { status: { state: 'building' } } },
  },
  {
    it: 'are not replaced while they are built',
    given: building,
    call: 'PUT /api/functions/f',
    body: fn('f'),
    status: 412,
    answer: { error: 'Function cannot be updated when existing function is being provisioned' },
  },
  {
    it: 'are not replaced by a stale version',
    given: ready,
    call: 'PUT /api/functions/f',
    body: fn('f', spec, { resourceVersion: '1' }),
    status: 409,
    answer: { error: 'Function resource version is stale' },
  },
  {
    it: 'are not disabled when they were imported',
    given: async (d) => {
      await building(d);
      d.setState('f', 'imported');
    },
    call: 'PUT /api/functions/f',
    body: fn('f', { ...spec, disable: true }),
    status: 412,
  },
  {
    it: 'are not disabled while an API gateway leads to them',
    given: withGateway,
    call: 'PUT /api/functions/f',
    body: fn('f', { ...spec, disable: true }),
    status: 400,
  },
];

const stateChanges: Row[] = [
  {
    it: 'are deployed again without a build',
    given: ready,
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'ready' },
    status: 202,
    after: { [at('f')]: { status: { state: 'waitingForResourceConfiguration' } } },
  },
  {
    it: 'are scaled to zero',
    given: async (d) => {
      await d.create('f', { ...spec, image: 'i', minReplicas: 0, maxReplicas: 2 });
      d.setState('f', 'ready');
    },
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'scaledToZero' },
    status: 202,
    after: { [at('f')]: { status: { state: 'waitingForScaleResourceToZero' } } },
  },
  {
    it: 'are not scaled to zero when their lower limit is above that',
    given: async (d) => {
      await d.create('f', { ...spec, image: 'i', minReplicas: 1 });
      d.setState('f', 'ready');
    },
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'scaledToZero' },
    status: 412,
  },
  {
    it: 'are not deployed without an image or a source to build it of',
    given: (d) => d.api.put(at('f'), { spec: {}, status: { state: 'imported' } }),
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'ready' },
    status: 412,
  },
  {
    it: 'are built when they were imported with their source, and no longer held back',
    given: async (d) => {
      await d.call('POST', '/api/functions', fn('f', spec, { annotations: { 'skip-deploy': 'true', own: 'kept' } }));
      d.setState('f', 'imported');
    },
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'ready' },
    headers: { 'x-nuclio-imported-function-only': 'true' },
    status: 202,
    after: { [at('f')]: { metadata: { annotations: { own: 'kept' } }, status: { state: 'building' } } },
  },
  {
    it: 'are left alone when only imported ones are meant',
    given: ready,
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'ready' },
    headers: { 'x-nuclio-imported-function-only': 'true' },
    status: 202,
    after: { [at('f')]: { status: { state: 'ready' } } },
  },
  {
    it: 'are not changed while they are built',
    given: building,
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'ready' },
    status: 412,
  },
  {
    it: 'are not changed when their images are to be in an external registry',
    given: ready,
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'ready' },
    headers: { 'x-nuclio-verify-external-registry': 'true' },
    status: 412,
  },
  {
    it: 'cannot be brought to any other state',
    given: ready,
    call: 'PATCH /api/functions/f',
    body: { desiredState: 'error' },
    status: 400,
  },
  { it: 'cannot be changed where there is none', call: 'PATCH /api/functions/f', body: { desiredState: 'ready' }, status: 404 },
];

const removal: Row[] = [
  {
    it: 'are removed together with their events',
    given: withEvent,
    call: 'DELETE /api/functions',
    body: fn('f'),
    status: 204,
    after: { [at('f')]: undefined, [`${kinds}/nucliofunctionevents/e`]: undefined },
  },
  {
    it: 'are not removed while they are built',
    given: building,
    call: 'DELETE /api/functions',
    body: fn('f'),
    status: 412,
    after: { [at('f')]: {} },
  },
  {
    it: 'are removed while they are built when the caller insists',
    given: building,
    call: 'DELETE /api/functions',
    body: fn('f'),
    headers: { 'x-nuclio-delete-function-ignore-state-validation': 'true' },
    status: 204,
    after: { [at('f')]: undefined },
  },
  {
    it: 'are not removed while an API gateway leads to them',
    given: withGateway,
    call: 'DELETE /api/functions',
    body: fn('f'),
    status: 412,
    answer: { error: 'Function is used by api gateways' },
    after: { [at('f')]: {} },
  },
  {
    it: 'are removed together with their API gateways when the caller wants that',
    given: withGateway,
    call: 'DELETE /api/functions',
    body: fn('f'),
    headers: { 'x-nuclio-delete-function-with-api-gateways': 'true' },
    status: 204,
    after: { [at('f')]: undefined, [`${kinds}/nuclioapigateways/g`]: undefined },
  },
  {
    it: 'are not removed by a stale version',
    given: ready,
    call: 'DELETE /api/functions',
    body: fn('f', spec, { resourceVersion: '1' }),
    status: 409,
  },
  { it: 'are as good as removed where there is none', call: 'DELETE /api/functions', body: fn('f'), status: 204 },
  { it: 'are not removed without a name', call: 'DELETE /api/functions', body: {}, status: 400 },
];

playRows('functions that are replaced', replacing);
playRows('functions that are brought to another state', stateChanges);
playRows('functions that are removed', removal);

describe('a change of a function', () => {
  let dashboard: TestDashboard;

  beforeEach(async () => {
    dashboard = await startDashboard();
  });
  afterEach(() => dashboard.stop());

  it('can be waited for until nothing works on the function any more', async () => {
    const created = dashboard.create('f', spec, { 'x-nuclio-wait-function-action': 'true' });
    await delay(400);
    expect(await Promise.race([created, 'still waiting'])).toBe('still waiting');
    dashboard.setState('f', 'error');
    expect(await created).toMatchObject({ status: 202 });
  });

  it('is given up when it is not written in the time that the caller gives', async () => {
    dashboard.api.intercept = ({ method }, response) => {
      if (method !== 'POST') return false;
      setTimeout(() => response.destroy(), 2000).unref();
      return true;
    };
    const created = await dashboard.create('f', spec, { 'x-nuclio-creation-state-updated-timeout': '100ms' });
    expect(created).toMatchObject({ status: 500, body: { error: 'Timed out waiting for creation state to be set' } });
  });

  it('is made on the newest version when somebody else is faster', async () => {
    await ready(dashboard);
    let isFirst = true;
    dashboard.api.intercept = ({ method }) => {
      if (method === 'PUT' && isFirst) {
        isFirst = false;
        dashboard.setState('f', 'ready', { message: 'changed meanwhile' });
      }
      return false;
    };
    expect(await dashboard.call('PUT', '/api/functions/f', fn('f', { ...spec, handler: 'x:y' }))).toMatchObject({ status: 202 });
    expect(dashboard.stored('f')).toMatchObject({ spec: { handler: 'x:y' }, status: { state: 'building' } });
  });

  it('is answered with 503 when the Kubernetes API is gone', async () => {
    dashboard.api.stop();
    expect(await dashboard.create('f')).toMatchObject({ status: 503 });
  });
});
