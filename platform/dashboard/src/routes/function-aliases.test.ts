import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from '../testing/dashboard.ts';

const GATEWAY = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nuclioapigateways/f-live';
const ALIASES = '/api/functions/f/aliases';
let dashboard: TestDashboard;

beforeEach(async () => {
  dashboard = await startDashboard();
  await dashboard.create('f');
  for (const version of [1, 2, 3]) {
    dashboard.api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${version}`, {
      metadata: { labels: { 'nuclio.io/function-name': 'f' }, creationTimestamp: '2026-01-01T00:00:00Z' },
      revision: version,
      data: { spec: { runtime: 'nodejs', handler: 'main:handler', image: `i:${version}` } },
    });
  }
});
afterEach(() => dashboard.stop());

const put = (body: object, alias = 'live') => dashboard.call('PUT', `${ALIASES}/${alias}`, body);
const post = (action: string, body: object = {}) => dashboard.call('POST', `${ALIASES}/live/${action}`, body);
const stored = () => dashboard.api.objects.get(GATEWAY);
const upstream = (name: string, percentage?: number) => ({
  kind: 'nucliofunction',
  nucliofunction: { name },
  ...(percentage === undefined ? {} : { percentage }),
});
/** What the controller would make of the alias meanwhile. */
const become = (spec: object, rollout: object) =>
  dashboard.api.put(GATEWAY, { spec: { ...(stored()?.spec as object), ...spec }, status: { state: 'ready', rollout } });

describe('an alias', () => {
  it('is an API gateway that leads to a version', async () => {
    expect(await put({ version: 1, host: 'live.example' })).toMatchObject({
      status: 200,
      body: {
        name: 'live',
        gateway: 'f-live',
        version: 1,
        host: 'live.example',
        path: '/',
        internalInvocationUrl: 'nuclio-alias-f-live.nuclio.svc:8080',
        phase: 'Starting',
        weight: 0,
      },
    });
    expect(stored()).toMatchObject({
      metadata: { labels: { 'nuclio.io/project-name': 'default' } },
      spec: { name: 'f-live', host: 'live.example', alias: { function: 'f', version: 1 }, upstreams: [upstream('f-v1')] },
    });
  });

  it('leads to the newest version where none is named', async () => {
    expect(await put({ host: 'live.example' })).toMatchObject({ status: 200, body: { version: 3 } });
  });

  it('is led to another version, which its upstreams follow once that serves, and moved to another host', async () => {
    await put({ version: 1, host: 'live.example' });
    expect(await put({ version: 2 })).toMatchObject({ status: 200, body: { version: 2, previousVersion: 1, host: 'live.example' } });
    expect(stored()).toMatchObject({ spec: { alias: { version: 2 }, upstreams: [upstream('f-v1')] } });
    expect(await put({ host: 'other.example', path: '/a' })).toMatchObject({
      status: 200,
      body: { version: 2, host: 'other.example', path: '/a' },
    });
    expect(stored()?.metadata.labels).toEqual({ 'nuclio.io/project-name': 'default' });
  });

  it('is listed with how it stands, and not among those of other functions', async () => {
    await put({ version: 1, host: 'live.example' });
    await post('canary', { version: 2 });
    become({}, { phase: 'Progressing', stableVersion: 1, canaryVersion: 2, weight: 40, conditions: [] });
    await dashboard.create('other');

    expect((await dashboard.call('GET', ALIASES)).body.aliases).toMatchObject([{ name: 'live', phase: 'Progressing', weight: 40 }]);
    expect((await dashboard.call('GET', '/api/functions/other/aliases')).body).toEqual({ aliases: [] });
    expect(await dashboard.call('GET', '/api/functions/none/aliases')).toMatchObject({ status: 404 });
  });

  it.each<[what: string, body: object, status: number, text: string]>([
    ['without a host', { version: 1 }, 400, 'must have a host'],
    ['of a version that is not kept', { version: 9, host: 'h' }, 404, 'these are kept: 3, 2, 1'],
    ['of a version that cannot be', { version: 0, host: 'h' }, 400, 'version'],
    ['at an address that is taken', { version: 1, host: 'taken' }, 412, 'already in use'],
  ])('is not made %s', async (_what, body, status, text) => {
    await put({ host: 'taken' }, 'other');
    expect(await put(body)).toMatchObject({ status, body: { error: expect.stringContaining(text) } });
    expect(stored()).toBeUndefined();
  });

  it('is removed, and is as good as removed where it is not there', async () => {
    await put({ host: 'live.example' });
    expect(await dashboard.call('DELETE', `${ALIASES}/live`)).toMatchObject({ status: 204 });
    expect(stored()).toBeUndefined();
    expect(await dashboard.call('DELETE', `${ALIASES}/live`)).toMatchObject({ status: 204 });
  });

  it('stays an alias, and stays where it is, when its API gateway is replaced', async () => {
    await put({ version: 1, host: 'live.example' });
    await post('canary', { version: 2 });
    const rollout = { phase: 'Progressing', stableVersion: 1, canaryVersion: 2, weight: 40, steppedAt: 'then' };
    become({ upstreams: [upstream('f-v1'), upstream('f-v2', 40)] }, rollout);
    const replace = (fields: object, metadata: object = {}) =>
      dashboard.call('PUT', '/api/api_gateways/f-live', {
        metadata: { name: 'f-live', ...metadata },
        spec: { host: 'live.example', upstreams: [upstream('f')], ...fields },
      });

    expect(await replace({ description: 'ours' })).toMatchObject({ status: 204, body: undefined });
    const kept = { spec: { description: 'ours', upstreams: [upstream('f-v1'), upstream('f-v2', 40)] }, status: { rollout } };
    expect(stored()).toMatchObject({ ...kept, spec: { ...kept.spec, alias: { version: 1, canary: { version: 2 } } } });
    expect(await replace(stored()?.spec as object)).toMatchObject({ status: 204 });
    expect(stored()).toMatchObject(kept);

    expect(await replace({ alias: { function: 'f', version: 3 } })).toMatchObject({
      status: 412,
      body: { error: expect.stringContaining('An alias is not changed by a replacement of its API gateway') },
    });
    expect(await replace({ alias: { function: 'f', version: 3 } }, { resourceVersion: '1' })).toMatchObject({ status: 409 });
    expect(stored()).toMatchObject(kept);
  });

  it('is removed with its API gateway', async () => {
    await put({ host: 'live.example' });
    expect(await dashboard.call('DELETE', '/api/api_gateways', { metadata: { name: 'f-live' } })).toMatchObject({ status: 204 });
    expect((await dashboard.call('GET', ALIASES)).body).toEqual({ aliases: [] });
  });

  it('keeps its function, unless it is to go with it', async () => {
    await put({ version: 1, host: 'live.example' });
    const remove = (headers = {}) => dashboard.call('DELETE', '/api/functions', { metadata: { name: 'f' } }, headers);
    dashboard.setState('f', 'ready');
    expect(await remove()).toMatchObject({ status: 412, body: { error: expect.stringContaining('Function is used by api gateways') } });
    expect(await remove({ 'x-nuclio-delete-function-with-api-gateways': 'true' })).toMatchObject({ status: 204 });
    expect(stored()).toBeUndefined();
  });

  it('is no API gateway of other people', async () => {
    await dashboard.call('POST', '/api/api_gateways', { metadata: { name: 'f-live' }, spec: { host: 'h', upstreams: [upstream('f')] } });
    expect(await put({ version: 1, host: 'i' })).toMatchObject({ status: 409 });
    expect(await dashboard.call('DELETE', `${ALIASES}/live`)).toMatchObject({ status: 404 });
    expect(stored()).toBeDefined();
  });
});

describe('a canary of an alias', () => {
  beforeEach(async () => {
    await put({ version: 1, host: 'live.example' });
    become({}, { phase: 'Stable', stableVersion: 1 });
  });

  it('is the newest version by default, and grows as it is told to', async () => {
    expect(await post('canary', { stepWeight: 5, interval: '30s', maxErrorRate: 0.5 })).toMatchObject({
      status: 202,
      body: { version: 1, canary: { version: 3, stepWeight: 5, interval: '30s', maxErrorRate: 0.5, minRequests: 10 } },
    });
    expect(stored()).toMatchObject({ spec: { alias: { version: 1, canary: { version: 3 } }, upstreams: [upstream('f-v1')] } });
  });

  it('is promoted by one call', async () => {
    await post('canary', { version: 2 });
    expect(await post('promote')).toMatchObject({ status: 202, body: { version: 2, previousVersion: 1 } });
    expect(stored()?.spec).not.toHaveProperty('alias.canary');
    expect(await post('promote')).toMatchObject({ status: 412 });
  });

  it('loses its calls at once by a rollback, even where nobody sees to aliases', async () => {
    await post('canary', { version: 2 });
    become({ upstreams: [upstream('f-v1'), upstream('f-v2', 40)] }, { phase: 'Progressing', stableVersion: 1, weight: 40 });

    expect(await post('rollback')).toMatchObject({ status: 202, body: { version: 1, weight: 0 } });
    expect(stored()).toMatchObject({ spec: { alias: { version: 1 }, upstreams: [upstream('f-v1')] } });
    expect(stored()?.spec).not.toHaveProperty('alias.canary');
  });

  it('loses its calls at once where the alias is led to a third version, and keeps them where it is led to the canary', async () => {
    await post('canary', { version: 2 });
    const shared = { upstreams: [upstream('f-v1'), upstream('f-v2', 60)] };
    become(shared, { phase: 'Progressing', stableVersion: 1, weight: 60 });
    await put({ version: 3 });
    expect(stored()?.spec).toMatchObject({ alias: { version: 3 }, upstreams: [upstream('f-v1')] });

    await put({ version: 1 });
    await post('canary', { version: 2 });
    become(shared, { phase: 'Progressing', stableVersion: 1, weight: 60 });
    await post('promote');
    expect(stored()?.spec).toMatchObject({ alias: { version: 2 }, ...shared });
  });

  it('gives its calls back to who has the others, where the version of the alias does not serve yet', async () => {
    await put({ version: 3 });
    await post('canary', { version: 2 });
    become({ upstreams: [upstream('f-v1'), upstream('f-v2', 20)] }, { phase: 'Starting', stableVersion: 3 });

    expect(await post('rollback')).toMatchObject({ status: 202, body: { version: 3 } });
    expect(stored()?.spec).toMatchObject({ alias: { version: 3 }, upstreams: [upstream('f-v1')] });
  });

  it('is taken away as well where the alias is led to the version that is stable already', async () => {
    await post('canary', { version: 2 });
    await put({ version: 1 });
    expect(stored()?.spec).not.toHaveProperty('alias.canary');
    expect(stored()?.spec).not.toHaveProperty('alias.previousVersion');
  });

  it.each([['promote'], ['rollback']])('needs its version to be kept, or to run still, for a %s', async (action) => {
    await post('canary', { version: 2 });
    if (action === 'rollback') await post('promote');
    const version = action === 'rollback' ? 1 : 2;
    const before = stored()?.spec;
    dashboard.api.objects.delete(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${version}`);

    expect(await post(action)).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining(`Function has no version ${version}`) },
    });
    expect(stored()?.spec).toEqual(before);

    dashboard.api.put(`/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/f-v${version}`, {
      metadata: { labels: { 'ampoule.internal/version-of': 'f', 'ampoule.internal/version': String(version) } },
    });
    expect(await post(action)).toMatchObject({ status: 202, body: { version } });
  });

  it('is gone back from once it is the stable version, but not further', async () => {
    await post('canary', { version: 2 });
    await post('promote');
    expect(await post('rollback')).toMatchObject({ status: 202, body: { version: 1 } });
    expect(await post('rollback')).toMatchObject({ status: 412, body: { error: expect.stringContaining('no version before') } });
  });

  it.each<[what: string, body: object, status: number, text: string]>([
    ['of the stable version', { version: 1 }, 412, 'gets all calls already'],
    ['of a version that is not kept', { version: 9 }, 404, 'these are kept'],
    ['without an interval that is one', { interval: 'soon' }, 400, 'interval'],
    ['whose steps have no time for their interval', { interval: '1h' }, 400, 'must be longer than the interval'],
    ['that neither has a share nor gets one', { stepWeight: 0 }, 400, 'must be given where stepWeight is 0'],
  ])('is not %s', async (_what, body, status, text) => {
    expect(await post('canary', body)).toMatchObject({ status, body: { error: expect.stringContaining(text) } });
    expect(stored()?.spec).not.toHaveProperty('alias.canary');
  });

  it('needs an alias', async () => {
    expect(await dashboard.call('POST', `${ALIASES}/none/canary`, {})).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('Function f has no alias none') },
    });
  });
});
