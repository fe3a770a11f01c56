import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from './test-dashboard.ts';

let dashboard: TestDashboard;

beforeEach(async () => {
  dashboard = await startDashboard();
});
afterEach(() => dashboard.stop());

describe('the API', () => {
  it('wants the token for everything but the health check', async () => {
    expect((await fetch(`${dashboard.origin}/healthz`)).status).toBe(200);
    for (const authorization of ['', 'Bearer wrong', 'Bearer right2', 'Basic right']) {
      expect(await dashboard.call('GET', '/api/functions', undefined, { authorization })).toMatchObject({
        status: 401,
        body: { errorStackTrace: '' },
      });
    }
    expect((await fetch(`${dashboard.origin}/api/functions`)).status).toBe(401);
    expect((await fetch(`${dashboard.origin}/nothing`)).status).toBe(401);
  });

  it('follows a token that was changed', async () => {
    await writeFile(dashboard.tokenFile, 'new');
    expect(await dashboard.call('GET', '/api/functions')).toMatchObject({ status: 401 });
    expect(await dashboard.call('GET', '/api/functions', undefined, { authorization: 'Bearer new' })).toMatchObject({ status: 200 });
  });

  it('answers what it does not have with 404', async () => {
    expect(await dashboard.call('GET', '/api/nothing')).toMatchObject({ status: 404, body: { error: 'Not found' } });
  });

  it('tells about itself', async () => {
    expect((await dashboard.call('GET', '/api/versions')).body).toMatchObject({ dashboard: { label: '1' } });
    expect((await dashboard.call('GET', '/api/namespaces')).body).toEqual({ namespaces: { names: ['nuclio'] } });
    expect((await dashboard.call('GET', '/api/frontend_spec/')).body).toMatchObject({ platformKind: 'kube', namespace: 'nuclio' });
  });
});

describe('projects', () => {
  it('are made, listed and given', async () => {
    expect(await dashboard.call('POST', '/api/projects', { metadata: { name: 'p' }, spec: { description: 'd' } })).toMatchObject({
      status: 201,
      body: { metadata: { name: 'p' } },
    });
    expect(await dashboard.call('POST', '/api/projects', { metadata: { name: 'p' } })).toMatchObject({ status: 409 });
    expect(await dashboard.call('POST', '/api/projects', { metadata: {} })).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/Project name must be provided in metadata/) },
    });
    expect(Object.keys((await dashboard.call('GET', '/api/projects')).body)).toEqual(['default', 'p']);
    expect(await dashboard.call('GET', '/api/projects/p')).toMatchObject({ status: 200, body: { spec: { description: 'd' } } });
    expect(await dashboard.call('GET', '/api/projects/q')).toMatchObject({ status: 404 });
  });
});
