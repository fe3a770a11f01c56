import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';

const REVISIONS = '/apis/apps/v1/namespaces/nuclio/controllerrevisions';

describe('versions', () => {
  let dashboard: TestDashboard;

  beforeEach(async () => {
    dashboard = await startDashboard();
    await dashboard.create('f');
    for (const [version, image] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ] as const) {
      dashboard.api.put(`${REVISIONS}/nuclio-f-${version}`, {
        metadata: { labels: { 'nuclio.io/function-name': 'f' }, creationTimestamp: `2026-01-0${version}T00:00:00Z` },
        revision: version,
        data: { spec: specWith(image) },
      });
    }
    become('c');
  });
  afterEach(() => dashboard.stop());

  const specWith = (image: string) => ({
    runtime: 'nodejs',
    handler: 'main:handler',
    image,
    build: { functionSourceCode: 'eA==', timestamp: 1 },
  });

  /** Brings the function to where builder and controller would bring it. */
  function become(image: string, state = 'ready') {
    dashboard.api.put('/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f', {
      ...(dashboard.stored('f') as object),
      spec: { ...specWith(image), build: { timestamp: 2, functionSourceCode: 'eA==' } },
      status: { state, httpPort: 1234 },
    });
  }

  const rollBack = (body: object = {}) => dashboard.call('POST', '/api/functions/f/rollback', body);

  it('are listed, the newest first, with the one that the function is now', async () => {
    const { status, body } = await dashboard.call('GET', '/api/functions/f/versions');
    expect(status).toBe(200);
    expect(body.versions).toEqual(
      [3, 2, 1].map((version) => ({
        version,
        createdAt: `2026-01-0${version}T00:00:00Z`,
        isCurrent: version === 3,
        image: { 1: 'a', 2: 'b', 3: 'c' }[version],
        runtime: 'nodejs',
        handler: 'main:handler',
      })),
    );
    expect(await dashboard.call('GET', '/api/functions/none/versions')).toMatchObject({ status: 404 });
  });

  it('are gone back to one by one, without a build, while the function goes on to serve', async () => {
    expect(await rollBack()).toMatchObject({ status: 202, body: { version: 2 } });
    expect(dashboard.stored('f')).toMatchObject({
      spec: { image: 'b' },
      status: { state: 'waitingForResourceConfiguration', httpPort: 1234 },
    });
    dashboard.setState('f', 'ready');
    expect(await rollBack()).toMatchObject({ status: 202, body: { version: 1 } });
    dashboard.setState('f', 'ready');
    expect(await rollBack()).toMatchObject({ status: 412, body: { error: expect.stringContaining('no version before') } });
  });

  it('are gone to by their numbers, forward as well', async () => {
    become('a');
    expect(await rollBack({ version: 3 })).toMatchObject({ status: 202, body: { version: 3 } });
    expect(dashboard.stored('f')).toMatchObject({ spec: { image: 'c' } });
  });

  it('are gone back to from a deploy whose build failed, which is none', async () => {
    become('never built', 'error');
    expect(await rollBack()).toMatchObject({ status: 202, body: { version: 3 } });
  });

  it.each<[what: string, state: string, body: object, status: number, text: string]>([
    ['that are not kept', 'ready', { version: 9 }, 404, 'these are kept: 3, 2, 1'],
    ['that cannot be', 'ready', { version: 0 }, 400, 'version'],
    ['while the function is being provisioned', 'building', {}, 412, 'provisioned'],
  ])('are not gone to %s', async (_what, state, body, status, text) => {
    become('c', state);
    expect(await rollBack(body)).toMatchObject({ status, body: { error: expect.stringContaining(text) } });
    expect(dashboard.stored('f')).toMatchObject({ spec: { image: 'c' }, status: { state } });
  });
});
