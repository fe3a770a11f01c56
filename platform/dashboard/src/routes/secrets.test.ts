import { describe, expect, it } from 'vitest';
import { spec, startDashboard, type TestDashboard } from '../testing/dashboard.ts';
import { playRows, type Row } from '../testing/rows.ts';

const at = (name: string) => `/api/v1/namespaces/nuclio/secrets/${name}`;
const data = { USER: 'bWU=', PASSWORD: 'czNjcmV0' };
const secret = (name: string, values: object = data) => ({ metadata: { name }, spec: { data: values } });
const kept = (d: TestDashboard) => d.call('POST', '/api/secrets', secret('db'));
const foreign = (d: TestDashboard) => d.api.put(at('foreign'), { type: 'Opaque', data });
const used = (fields: object) => async (d: TestDashboard) => {
  await kept(d);
  await d.create('f', { ...spec, ...fields });
};
const view = { metadata: { name: 'db', namespace: 'nuclio' }, spec: { keys: ['PASSWORD', 'USER'] }, status: { functions: [] } };

const rows: Row[] = [
  {
    it: 'are kept',
    call: 'POST /api/secrets',
    body: secret('db'),
    status: 201,
    answer: view,
    after: { [at('db')]: { type: 'Opaque', data } },
  },
  { it: 'are kept once', given: kept, call: 'POST /api/secrets', body: secret('db'), status: 409 },
  { it: 'are listed', given: kept, call: 'GET /api/secrets', status: 200, answer: { db: view } },
  { it: 'are listed without those of others', given: foreign, call: 'GET /api/secrets', status: 200, names: [] },
  { it: 'are shown', given: kept, call: 'GET /api/secrets/db', status: 200, answer: view },
  { it: 'are not shown where they are of others', given: foreign, call: 'GET /api/secrets/foreign', status: 404 },
  {
    it: 'get other values',
    given: kept,
    call: 'PUT /api/secrets/db',
    body: secret('db', { PASSWORD: 'bmV3' }),
    status: 204,
    after: { [at('db')]: { data: { PASSWORD: 'bmV3' } } },
  },
  { it: 'get no values where there are none', call: 'PUT /api/secrets/db', body: secret('db'), status: 404 },
  {
    it: 'of others stay as they are',
    given: foreign,
    call: 'PUT /api/secrets/foreign',
    body: secret('foreign', {}),
    status: 404,
    after: { [at('foreign')]: { data } },
  },
  { it: 'are not renamed', given: kept, call: 'PUT /api/secrets/db', body: secret('other'), status: 400 },
  { it: 'have names', call: 'POST /api/secrets', body: secret('A b'), status: 400 },
  { it: 'have keys that Kubernetes takes', call: 'POST /api/secrets', body: secret('db', { 'a b': 'bWU=' }), status: 400 },
  {
    it: 'are removed',
    given: kept,
    call: 'DELETE /api/secrets',
    body: { metadata: { name: 'db' } },
    status: 204,
    after: { [at('db')]: undefined },
  },
  { it: 'are removed though they are not there', call: 'DELETE /api/secrets', body: { metadata: { name: 'db' } }, status: 204 },
  {
    it: 'of others are not removed',
    given: foreign,
    call: 'DELETE /api/secrets',
    body: { metadata: { name: 'foreign' } },
    status: 204,
    after: { [at('foreign')]: { data } },
  },
  ...[
    ['as variables', { envFrom: [{ secretRef: { name: 'db' } }] }],
    ['as one variable', { env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'PASSWORD' } } }] }],
    ['as a volume', { volumes: [{ volume: { name: 'v', secret: { secretName: 'db' } }, volumeMount: { name: 'v', mountPath: '/db' } }] }],
    ['among other volumes', { volumes: [{ volume: { name: 'v', projected: { sources: [{ secret: { name: 'db' } }] } } }] }],
    ['in a sidecar', { sidecars: [{ name: 's', image: 's:1', envFrom: [{ secretRef: { name: 'db' } }] }] }],
  ].map(([how, fields]) => ({
    it: `are not removed while a function has them ${how}`,
    given: used(fields as object),
    call: 'DELETE /api/secrets',
    body: { metadata: { name: 'db' } },
    status: 412,
    answer: { error: 'Secret is used by functions: f' },
  })),
  {
    it: 'show which functions have them',
    given: used({ envFrom: [{ secretRef: { name: 'db' } }] }),
    call: 'GET /api/secrets/db',
    status: 200,
    answer: { status: { functions: ['f'] } },
  },
];

playRows('secrets', rows);

describe('the values of secrets', () => {
  it('are in no answer, not even in one about a mistake', async () => {
    const d = await startDashboard();
    const answers = [
      await kept(d),
      await kept(d),
      await d.call('GET', '/api/secrets'),
      await d.call('GET', '/api/secrets/db'),
      await d.call('PUT', '/api/secrets/db', secret('db', { PASSWORD: 's3cret, no base64' })),
    ];
    await d.stop();

    expect(answers.map(({ status }) => status)).toEqual([201, 409, 200, 200, 400]);
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toMatch(/czNjcmV0|s3cret/);
  });
});
