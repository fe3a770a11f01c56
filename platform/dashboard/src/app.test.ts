import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startDashboard, type TestDashboard } from './testing/dashboard.ts';

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

  it('takes the token as the password of any user too', async () => {
    const as = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
    expect(await dashboard.call('GET', '/api/functions', undefined, as('ann:right'))).toMatchObject({ status: 200 });
    for (const pair of ['ann:wrong', 'right:', 'right:right2'])
      expect(await dashboard.call('GET', '/api/functions', undefined, as(pair))).toMatchObject({ status: 401 });
  });

  it('follows a token that was changed', async () => {
    await writeFile(dashboard.tokenFile, 'new');
    expect(await dashboard.call('GET', '/api/functions')).toMatchObject({ status: 401 });
    expect(await dashboard.call('GET', '/api/functions', undefined, { authorization: 'Bearer new' })).toMatchObject({ status: 200 });
  });

  it('answers what it does not have with 404', async () => {
    expect(await dashboard.call('GET', '/api/nothing')).toMatchObject({ status: 404, body: { error: 'Not found' } });
  });

  it('answers what it does not do with 501', async () => {
    const error = 'V3IO streams are not supported';
    expect(await dashboard.call('GET', '/api/v3io_streams')).toMatchObject({ status: 501, body: { error } });
    expect(await dashboard.call('POST', '/api/v3io_streams/get_shard_lags', {})).toMatchObject({ status: 501, body: { error } });
  });

  it('lets pages of other origins call it, without cookies', async () => {
    const { headers } = await dashboard.call('GET', '/api/versions', undefined, { origin: 'http://page' });
    expect(headers.get('access-control-allow-origin')).toBe('*');
    expect(headers.get('access-control-expose-headers')).toBe('Content-Length, x-nuclio-logs');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await fetch(`${dashboard.origin}/api/versions`, { headers: { origin: 'http://page' } });
    expect(refused.status).toBe(401);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-8', ''])(
    'takes JSON of type %j',
    async (type) => {
      const headers = { authorization: 'Bearer right', ...(type === '' ? {} : { 'content-type': type }) };
      const body = new TextEncoder().encode(JSON.stringify({ metadata: { name: 'p' } }));
      expect((await fetch(`${dashboard.origin}/api/projects`, { method: 'POST', headers, body })).status).toBe(201);
    },
  );

  it.each([
    [422, 400, 'a mistake of the caller'],
    [403, 403, 'a namespace that the dashboard may not use'],
    [404, 404, 'a namespace that is not there'],
    [500, 500, 'a failure of its own'],
  ])('passes on the %i of the Kubernetes API as %i: %s', async (status, answered) => {
    dashboard.api.intercept = ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(status).end(JSON.stringify({ message: 'words of Kubernetes' }));
      return true;
    };
    expect(await dashboard.call('POST', '/api/projects', { metadata: { name: 'p' } })).toMatchObject({
      status: answered,
      body: { error: expect.stringContaining('words of Kubernetes') },
    });
  });

  it('refuses a body that is no JSON', async () => {
    const headers = { authorization: 'Bearer right', 'content-type': 'application/json' };
    const response = await fetch(`${dashboard.origin}/api/functions`, { method: 'POST', headers, body: '{' });
    expect([response.status, await response.json()]).toEqual([400, { error: expect.stringMatching(/JSON/), errorStackTrace: '' }]);
  });

  it('tells by what functions can be scaled', async () => {
    const metrics = { sinks: { pull: { kind: 'prometheusPull' } }, functions: ['pull'] };
    const counting = await startDashboard({ platform: { metrics, autoScaleMetricsMode: 'custom' } });
    expect((await counting.call('GET', '/api/frontend_spec')).body).toMatchObject({
      autoScaleMetrics: [
        { metricName: 'cpu', sourceType: 'Resource', displayType: 'percentage' },
        { metricName: 'memory', sourceType: 'Resource', displayType: 'percentage' },
        { metricName: 'concurrency', sourceType: '', displayType: 'int' },
        { metricName: 'requests_per_second', sourceType: '', displayType: 'int' },
        { metricName: 'lag', sourceType: '', displayType: 'int' },
      ],
    });
    await counting.stop();
  });

  it('tells about itself', async () => {
    expect((await dashboard.call('GET', '/api/versions')).body).toMatchObject({ dashboard: { label: '1' } });
    expect((await dashboard.call('GET', '/api/external_ip_addresses')).body).toEqual({
      externalIPAddresses: { addresses: ['nuclio.example'] },
    });
    expect((await dashboard.call('GET', '/api/namespaces')).body).toEqual({ namespaces: { names: ['nuclio'] } });
    expect((await dashboard.call('GET', '/api/frontend_spec/')).body).toMatchObject({
      platformKind: 'kube',
      namespace: 'nuclio',
      scaleToZero: { mode: 'disabled', scaleResources: [], inactivityWindowPresets: [] },
      allowedAuthenticationModes: ['none', 'basicAuth'],
      disableDefaultHttpTrigger: false,
      logsScreenEnabled: true,
    });
  });
});
