import { apiGatewaySpecSchema } from '@ampoule/platform-api/api-gateway';
import { compare } from 'bcryptjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kinds, startDashboard, type TestDashboard } from '../testing/dashboard.ts';
import { playRows, type Row } from '../testing/rows.ts';

const at = (name: string) => `${kinds}/nuclioapigateways/${name}`;
const SECRETS = '/api/v1/namespaces/nuclio/secrets/';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const gateway = (fields: object = {}, metadata: object = {}) => ({
  metadata: { name: 'g', ...metadata },
  spec: { host: 'h.example', path: '/a', upstreams: [{ kind: 'nucliofunction', nucliofunction: { name: 'f' } }], ...fields },
});
const withGateway = (d: TestDashboard) => d.call('POST', '/api/api_gateways', gateway());

const REFERENCE = '$ref:/spec/authentication/basicauth/password';
const basic = (password?: string) => ({
  authenticationMode: 'basicAuth',
  authentication: { basicAuth: { username: 'ann', ...(password === undefined ? {} : { password }) } },
});
const withPassword = (d: TestDashboard) => d.call('POST', '/api/api_gateways', gateway(basic('tell nobody')));
const taken = {
  [at('g')]: { spec: { authentication: { basicAuth: { username: 'ann', password: REFERENCE, passwordHash: expect.any(String) } } } },
};
const masking = { platform: { sensitiveFields: { maskSensitiveFields: true } } };
const withSecrets = { 'x-ampoule-export-secrets': 'true' };

playRows(
  'passwords of API gateways',
  [
    {
      it: 'are not shown to who creates one',
      call: 'POST /api/api_gateways',
      body: gateway(basic('tell nobody')),
      status: 201,
      answer: { spec: basic(REFERENCE) },
      after: taken,
    },
    {
      it: 'are not shown in lists',
      given: withPassword,
      call: 'GET /api/api_gateways',
      status: 200,
      answer: { g: { spec: basic(REFERENCE) } },
    },
    {
      it: 'are not shown one at a time, whatever is asked for',
      given: withPassword,
      call: 'GET /api/api_gateways/g',
      headers: withSecrets,
      status: 200,
      answer: { spec: basic(REFERENCE) },
    },
    ...['GET /api/api_gateways/g?export=true', 'GET /api/api_gateways?export=true', 'GET /api/projects/default?export=true'].flatMap(
      (call): Row[] => {
        const answerOf = (spec: object) =>
          call.includes('projects') ? { apiGateways: { g: { spec } } } : call.includes('/g?') ? { spec } : { g: { spec } };
        const without = { ...basic(), authentication: { basicAuth: expect.not.objectContaining({ password: expect.anything() }) } };
        return [
          { it: `are left out of ${call}`, given: withPassword, call, status: 200, answer: answerOf(without) },
          {
            it: `are in ${call} where that is asked for`,
            given: withPassword,
            call,
            headers: withSecrets,
            status: 200,
            answer: answerOf(basic('tell nobody')),
          },
        ];
      },
    ),
    {
      it: 'stay where what was read is sent back',
      given: withPassword,
      call: 'PUT /api/api_gateways/g',
      body: gateway({ ...basic(REFERENCE), path: '/b' }),
      status: 204,
      after: taken,
    },
    {
      it: 'are replaced by others',
      given: withPassword,
      call: 'PUT /api/api_gateways/g',
      body: gateway(basic('another')),
      status: 204,
      after: taken,
    },
    {
      it: 'have no reference in a gateway that is new',
      call: 'POST /api/api_gateways',
      body: gateway(basic(REFERENCE)),
      status: 400,
      answer: { error: expect.stringContaining('/spec/authentication/basicAuth/password') },
      after: { [at('g')]: undefined },
    },
    {
      it: 'have no reference in a gateway that had none before',
      given: withGateway,
      call: 'PUT /api/api_gateways/g',
      body: gateway(basic(REFERENCE)),
      status: 400,
    },
  ],
  masking,
);

playRows('passwords of API gateways where nothing is masked', [
  {
    it: 'are shown as in Nuclio',
    given: withPassword,
    call: 'GET /api/api_gateways/g',
    status: 200,
    answer: { spec: basic('tell nobody') },
  },
]);

describe('the password of an API gateway', () => {
  let dashboard: TestDashboard;
  beforeEach(async () => {
    dashboard = await startDashboard(masking);
  });
  afterEach(() => dashboard.stop());

  const put = (fields: object, metadata: object = {}) => dashboard.call('PUT', '/api/api_gateways/g', gateway(fields, metadata));
  const stored = () => dashboard.api.objects.get(at('g'));
  const secrets = () => [...dashboard.api.objects].filter(([path]) => path.startsWith(SECRETS)).map(([, secret]) => secret);
  const hashNow = () => apiGatewaySpecSchema.parse(stored()?.spec).authentication?.basicAuth?.passwordHash ?? '';
  const exported = async () => (await dashboard.call('GET', '/api/api_gateways/g?export=true', undefined, withSecrets)).body;
  const inTheOpen = () => {
    const text = JSON.stringify(stored());
    return ['tell nobody', 'another'].filter((password) => text.includes(password));
  };

  it('stands in a Secret of the gateway, and in the gateway there is a hash of it', async () => {
    const answer = await withPassword(dashboard);

    expect(inTheOpen()).toEqual([]);
    expect(await compare('tell nobody', hashNow())).toBe(true);
    expect(JSON.stringify(answer.body)).not.toContain(hashNow());
    expect(secrets()).toMatchObject([
      {
        type: 'nuclio.io/functionconfig',
        immutable: true,
        metadata: {
          name: stored()?.metadata.annotations?.['ampoule.internal/secret'],
          labels: { 'nuclio.io/apigateway-name': 'g' },
          ownerReferences: [{ kind: 'NuclioAPIGateway', name: 'g', uid: stored()?.metadata.uid }],
        },
      },
    ]);
    expect((await exported()).spec).toEqual({ ...gateway(basic('tell nobody')).spec, name: 'g' });
  });

  it('keeps its Secret and its hash where something else changes, and has another Secret where it changes itself', async () => {
    await withPassword(dashboard);
    const [hash, [secret]] = [hashNow(), secrets()];
    await put({ ...basic(REFERENCE), path: '/b' });
    await put({ ...basic('tell nobody'), path: '/c' });
    expect([hashNow(), secrets()]).toEqual([hash, [secret]]);

    await put(basic('another'));

    expect(await compare('another', hashNow())).toBe(true);
    const named = stored()?.metadata.annotations?.['ampoule.internal/secret'];
    expect(secrets().map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining([named, secret?.metadata.name]));
    expect(named).not.toBe(secret?.metadata.name);
    expect((await exported()).spec).toMatchObject(basic('another'));
  });

  it('is kept by its hash where its Secret, or the note of which it is, was lost', async () => {
    await withPassword(dashboard);
    const hash = hashNow();
    for (const path of [...dashboard.api.objects.keys()].filter((each) => each.startsWith(SECRETS))) dashboard.api.objects.delete(path);

    expect((await put({ ...basic(REFERENCE), path: '/b' })).status).toBe(204);
    expect(hashNow()).toBe(hash);
    dashboard.api.put(at('g'), { ...stored(), metadata: { ...stored()?.metadata, annotations: {} } });
    expect((await put({ ...basic(REFERENCE), path: '/c' })).status).toBe(204);

    expect(hashNow()).toBe(hash);
    expect(await compare(REFERENCE, hashNow())).toBe(false);
  });

  it('is that which kubectl has set last, also after what was read is sent back', async () => {
    await withPassword(dashboard);
    const spec = { ...gateway().spec, authenticationMode: 'basicAuth' };
    const authentication = { basicAuth: { username: 'ann', password: 'another', passwordHash: hashNow() } };
    dashboard.api.put(at('g'), { ...stored(), spec: { ...spec, authentication } });

    expect((await put({ ...basic(REFERENCE), path: '/b' })).status).toBe(204);

    expect(inTheOpen()).toEqual([]);
    expect(await compare('another', hashNow())).toBe(true);
    expect((await exported()).spec).toMatchObject(basic('another'));
  });

  it('has no more bytes than its hash counts', async () => {
    const { status, body } = await dashboard.call('POST', '/api/api_gateways', gateway(basic('é'.repeat(37))));
    expect(status).toBe(400);
    expect(body.error).toContain('Password must have at most 72 bytes');
  });

  it('of a gateway that kubectl wrote is moved when the gateway is written the next time', async () => {
    const spec = { ...gateway(basic('tell nobody')).spec, name: 'g' };
    dashboard.api.put(at('g'), { metadata: { annotations: { [LAST_APPLIED]: JSON.stringify(spec) } }, spec });
    const shown = (await dashboard.call('GET', '/api/api_gateways/g')).body;
    expect(JSON.stringify(shown)).not.toContain('tell nobody');
    expect((await exported()).spec).toMatchObject(basic('tell nobody'));

    expect((await put(shown.spec, shown.metadata)).status).toBe(204);

    expect(inTheOpen()).toEqual([]);
    expect(await compare('tell nobody', hashNow())).toBe(true);
    expect((await exported()).spec).toMatchObject(basic('tell nobody'));
    expect((await exported()).metadata).toEqual({ name: 'g', labels: { 'nuclio.io/project-name': 'default' }, annotations: {} });
  });

  it('is not lost with the Secret of a change that was refused', async () => {
    await withPassword(dashboard);
    dashboard.api.intercept = (request, response) => {
      if (request.method !== 'PUT') return false;
      response.writeHead(422, { 'content-type': 'application/json' }).end('{"kind":"Status","message":"no"}');
      return true;
    };
    expect((await put(basic('another'))).status).toBeGreaterThanOrEqual(400);
    dashboard.api.intercept = undefined;

    expect(secrets()).toHaveLength(1);
    expect((await exported()).spec).toMatchObject(basic('tell nobody'));
  });

  it('is not named any more without the mode that asks for it, and goes with the gateway', async () => {
    await withPassword(dashboard);
    await put({});
    expect(stored()?.metadata.annotations?.['ampoule.internal/secret']).toBeUndefined();
    await put(basic('another'));
    await dashboard.call('DELETE', '/api/api_gateways', { metadata: { name: 'g' } });
    expect(secrets()).toEqual([]);
  });

  it('is not that of another gateway, whatever the annotation says', async () => {
    await withPassword(dashboard);
    const own = stored()?.metadata.annotations?.['ampoule.internal/secret'];
    const spec = gateway({ ...basic(REFERENCE), host: 'i.example' }).spec;
    dashboard.api.put(at('h'), { metadata: { annotations: { 'ampoule.internal/secret': own } }, spec });

    const answer = await dashboard.call('GET', '/api/api_gateways/h?export=true', undefined, withSecrets);

    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining('/spec/authentication/basicAuth/password') } });
  });

  it('has no hash that a request brings', async () => {
    await withPassword(dashboard);
    const hash = hashNow();
    const passwordHash = `$2b$10$${'a'.repeat(53)}`;
    await put({ ...basic(), authentication: { basicAuth: { username: 'ann', password: REFERENCE, passwordHash } } });
    expect(hashNow()).toBe(hash);
  });

  it('is taken in again with the project that has it', async () => {
    await withPassword(dashboard);
    const content = (await dashboard.call('GET', '/api/projects/default?export=true', undefined, withSecrets)).body;
    await dashboard.call('DELETE', '/api/api_gateways', { metadata: { name: 'g' } });

    await dashboard.call('POST', '/api/projects?import=true', content);

    expect(await compare('tell nobody', hashNow())).toBe(true);
    expect(inTheOpen()).toEqual([]);
  });
});
