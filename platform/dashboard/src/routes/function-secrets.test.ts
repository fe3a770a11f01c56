import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { spec, startDashboard, type TestDashboard } from '../testing/dashboard.ts';
import { at, fn } from '../testing/functions.ts';

const SECRETS = '/api/v1/namespaces/nuclio/secrets/';
const ANNOTATION = 'ampoule.internal/secret';
const PASSWORD = '$ref:/spec/triggers/k/attributes/sasl/password';
const LONG_AGO = '2020-01-01T00:00:00Z';

const kafka = (password: string, more: object = {}) => ({
  kind: 'kafka-cluster',
  attributes: { topics: ['t'], consumerGroup: 'g', sasl: { enable: true, user: 'me', password }, ...more },
});
const withKafka = (password: string, more: object = {}) => ({ ...spec, triggers: { k: kafka(password) }, ...more });

let d: TestDashboard;

beforeEach(async () => {
  d = await startDashboard({ platform: { sensitiveFields: { maskSensitiveFields: true } } });
});
afterEach(() => d.stop());

async function deployed(fields: object = withKafka('s3cret')): Promise<void> {
  expect((await d.create('f', fields)).status).toBe(202);
  d.setState('f', 'ready');
}

async function replaced(fields: object, metadata: object = {}) {
  const answer = await d.call('PUT', '/api/functions/f', fn('f', fields, metadata));
  if (answer.status === 202) d.setState('f', 'ready');
  return answer;
}

/** The Secrets of the cluster, by their names. */
function secrets(): string[] {
  return [...d.api.objects.keys()].filter((path) => path.startsWith(SECRETS)).map((path) => path.slice(SECRETS.length));
}

/** What the function's Secret holds, by references. */
function values(): Record<string, string> {
  const name = d.stored('f')?.metadata.annotations?.[ANNOTATION] ?? '';
  const { data = {} } = d.api.objects.get(`${SECRETS}${name}`) as { data?: Record<string, string> };
  const decode = (text = '') => Buffer.from(text, 'base64').toString();
  const found: Record<string, string> = JSON.parse(decode(decode(data.content)));
  return Object.fromEntries(
    Object.entries(found).map(([key, value]) => [decode(key.replace('NUCLIO_B64_', '').replaceAll('_', '=')), value]),
  );
}

/** As if the Secrets were old. */
function settle(): void {
  for (const name of secrets()) {
    d.api.put(`${SECRETS}${name}`, { metadata: { ...d.api.objects.get(`${SECRETS}${name}`)?.metadata, creationTimestamp: LONG_AGO } });
  }
}

/** Keeps a version with the secrets that the function has now, as the builder does. */
function keep(revision: number, fields: object = d.stored('f')?.spec ?? {}): void {
  const { uid, annotations } = d.stored('f')?.metadata ?? {};
  d.api.put(`/apis/apps/v1/namespaces/nuclio/controllerrevisions/nuclio-f-${revision}`, {
    metadata: {
      labels: { 'nuclio.io/function-name': 'f' },
      annotations: { [ANNOTATION]: annotations?.[ANNOTATION] },
      ownerReferences: [{ uid }],
    },
    revision,
    data: { spec: fields },
  });
}

/** All that others than the platform may see: every object but Secrets. */
function open(): string {
  return JSON.stringify([...d.api.objects].filter(([path]) => !path.startsWith(SECRETS)));
}

describe('a function with secrets', () => {
  it('is kept without them; they are in a Secret of its own, as Nuclio has it', async () => {
    await deployed();

    expect(open()).not.toContain('s3cret');
    expect(d.stored('f')?.spec).toMatchObject({ triggers: { k: { attributes: { sasl: { user: 'me', password: PASSWORD } } } } });
    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
    expect(secrets()).toEqual([expect.stringMatching(/^nuclio-f-[0-9a-f]{8}$/)]);
    expect(d.api.objects.get(`${SECRETS}${secrets()[0]}`)).toMatchObject({
      type: 'nuclio.io/functionconfig',
      metadata: {
        labels: { 'nuclio.io/function-name': 'f', 'nuclio.io/project-name': 'default' },
        ownerReferences: [{ kind: 'NuclioFunction', name: 'f', uid: d.stored('f')?.metadata.uid }],
      },
      data: { [`NUCLIO_B64_${Buffer.from(PASSWORD).toString('base64').replaceAll('=', '_')}`]: Buffer.from('s3cret').toString('base64') },
    });
  });

  it('is shown and listed with references', async () => {
    await deployed();

    for (const path of ['/api/functions', '/api/functions/f', '/api/functions/f/versions']) {
      const { status, body } = await d.call('GET', path);
      expect(status).toBe(200);
      expect(JSON.stringify(body)).not.toContain('s3cret');
    }
    expect((await d.call('GET', '/api/functions/f')).body.spec.triggers.k.attributes.sasl.password).toBe(PASSWORD);
  });

  it('keeps them when it is replaced by what was shown', async () => {
    await deployed();
    const before = secrets();
    const { body } = await d.call('GET', '/api/functions/f');

    expect((await replaced({ ...body.spec, description: 'new' }, body.metadata)).status).toBe(202);

    expect(d.stored('f')?.spec).toMatchObject({ description: 'new' });
    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
    expect(secrets()).toEqual(before);
  });

  it('keeps them when its state is changed, and when it goes back to a version', async () => {
    await deployed({ ...withKafka('s3cret'), image: 'registry/f:1' });
    keep(1, { ...spec, image: 'registry/f:0', triggers: { k: kafka(PASSWORD) } });

    expect((await d.call('PATCH', '/api/functions/f', { desiredState: 'ready' })).status).toBe(202);
    d.setState('f', 'ready');
    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
    expect((await replaced({ ...spec, image: 'registry/f:2' })).status).toBe(202);
    expect(d.stored('f')?.spec).not.toMatchObject({ triggers: { k: {} } });
    expect((await d.call('POST', '/api/functions/f/rollback', { version: 1 })).status).toBe(202);

    expect(d.stored('f')?.spec).toMatchObject({ image: 'registry/f:0' });
    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
    expect(open()).not.toContain('s3cret');
  });

  it('gets a Secret of another name with a new password, so that its pods are made anew; the last but one goes', async () => {
    await deployed();
    const [first = ''] = secrets();
    settle();

    await replaced(withKafka('new-s3cret'));
    expect(values()).toEqual({ [PASSWORD]: 'new-s3cret' });
    expect(secrets()).toHaveLength(2);
    await replaced(withKafka('newer-s3cret'));

    expect(values()).toEqual({ [PASSWORD]: 'newer-s3cret' });
    expect(secrets()).toHaveLength(2);
    expect(secrets()).not.toContain(first);
  });

  it.each<[who: string, use: (secret: string) => unknown]>([
    ['a pod', (secretName) => d.api.put('/api/v1/namespaces/nuclio/pods/p', { spec: { volumes: [{ secret: { secretName } }] } })],
    [
      'a variable of a pod',
      (name) => {
        const env = [{ name: 'A', valueFrom: { secretKeyRef: { name, key: 'k' } } }];
        d.api.put('/api/v1/namespaces/nuclio/pods/p', { spec: { containers: [{ name: 'c', env }] } });
      },
    ],
    [
      'a version that runs for an alias, and is kept no more',
      (name) =>
        d.api.put(at('f-v1'), { metadata: { labels: { 'ampoule.internal/version-of': 'f' }, annotations: { [ANNOTATION]: name } } }),
    ],
    ['a version that is kept', () => keep(1)],
  ])('keeps the Secret that is used by %s', async (_, use) => {
    await deployed();
    const [first = ''] = secrets();
    use(first);
    settle();

    await replaced(withKafka('new-s3cret'));
    await replaced(withKafka('newer-s3cret'));

    expect(secrets()).toContain(first);
  });

  it('gets the secrets of the version to which it goes back', async () => {
    await deployed();
    keep(1);
    await replaced({ ...spec, triggers: { other: kafka('other'), k: kafka('new-s3cret') } });
    keep(2);

    expect((await d.call('GET', '/api/functions/f/versions')).body.versions).toMatchObject([{ isCurrent: true }, { isCurrent: false }]);
    expect((await d.call('POST', '/api/functions/f/rollback', { version: 1 })).status).toBe(202);

    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
    expect((await d.call('GET', '/api/functions/f/versions')).body.versions).toMatchObject([{ isCurrent: false }, { isCurrent: true }]);
  });

  it('is not shown the versions of a function that had its name before', async () => {
    await deployed();
    keep(1);
    await d.call('DELETE', '/api/functions', { metadata: { name: 'f' } });
    await deployed();

    expect((await d.call('GET', '/api/functions/f/versions')).body).toEqual({ versions: [] });
  });

  it('loses what kubectl noted down of it, which has its secrets in the clear', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"password":"s3cret"}', other: 'stays' };

    expect((await d.call('POST', '/api/functions', fn('f', withKafka('s3cret'), { annotations }))).status).toBe(202);

    expect(open()).not.toContain('s3cret');
    expect(d.stored('f')?.metadata.annotations).toMatchObject({ other: 'stays' });
  });

  it('moves a password with a trigger that is renamed', async () => {
    await deployed();

    expect((await replaced({ ...spec, triggers: { renamed: kafka(PASSWORD) } })).status).toBe(202);

    expect(values()).toEqual({ '$ref:/spec/triggers/renamed/attributes/sasl/password': 's3cret' });
  });

  it('has no Secret any more once nothing refers to it', async () => {
    await deployed();

    await replaced(spec);

    expect(d.stored('f')?.metadata.annotations?.[ANNOTATION]).toBeUndefined();
  });

  it('takes its Secrets with it when it is removed', async () => {
    await deployed();
    await replaced(withKafka('new-s3cret'));

    expect((await d.call('DELETE', '/api/functions', { metadata: { name: 'f' } })).status).toBe(204);

    expect(secrets()).toEqual([]);
  });

  it('keeps the code that its build fetches by a password of its own', async () => {
    const build = { codeEntryType: 'git', path: 'https://git/r', codeEntryAttributes: { username: 'me', password: 's3cret' } };
    await deployed({ ...spec, build });

    expect(open()).not.toContain('s3cret');
    expect(values()).toEqual({ '$ref:/spec/build/codeentryattributes/password': 's3cret' });
  });

  it('is kept as it came where it asks for that', async () => {
    await deployed();

    expect((await replaced(withKafka(PASSWORD, { disableSensitiveFieldsMasking: true }))).status).toBe(202);

    expect(d.stored('f')?.spec).toMatchObject({ triggers: { k: { attributes: { sasl: { password: 's3cret' } } } } });
  });
});

describe('refused is', () => {
  it('a reference that has no value, by the name of its field', async () => {
    const answer = await d.create('f', withKafka(PASSWORD));

    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining('/spec/triggers/k/attributes/sasl/password') } });
    expect(d.stored('f')).toBeUndefined();
  });

  it("the Secret of another function, and what could be read by a made-up reference to one's own", async () => {
    await deployed();
    const stolen = { annotations: { [ANNOTATION]: secrets()[0] } };

    expect((await d.call('POST', '/api/functions', fn('thief', withKafka(PASSWORD), stolen))).status).toBe(400);
    expect((await d.call('POST', '/api/functions', fn('thief', spec, stolen))).status).toBe(202);
    expect(d.stored('thief')?.metadata.annotations?.[ANNOTATION]).toBeUndefined();
    await replaced({ ...withKafka(PASSWORD), description: PASSWORD });
    expect(d.stored('f')?.spec).toMatchObject({ description: PASSWORD });
  });

  it('a second function of the same name, and the Secret of the first one stays', async () => {
    await deployed();

    expect((await d.create('f', withKafka('other'))).status).toBe(409);

    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
    expect(secrets()).toHaveLength(1);
  });

  it('a stale version, which leaves no Secret behind', async () => {
    await deployed();

    expect((await replaced(withKafka('other'), { resourceVersion: '1' })).status).toBe(409);

    expect(secrets()).toHaveLength(1);
  });

  it.each([
    ['that is invalid', { ...withKafka('s3cret'), minReplicas: 3, maxReplicas: 1, eventTimeout: 'soon' }],
    ['with a field of a wrong type', { ...withKafka('s3cret'), triggers: { k: { ...kafka('s3cret'), numWorkers: 's3cret' } } }],
    ['with a secret that is no text', { ...spec, triggers: { k: { kind: 'nats', password: ['s3cret'] } } }],
    ['whose secrets clash', { ...spec, triggers: { k: { kind: 'nats', password: 's3cret' }, K: { kind: 'nats', password: 's3cret' } } }],
  ])('a function %s, without a word of its secrets', async (_, fields) => {
    const { status, body } = await d.create('f', fields);

    expect(status).toBe(400);
    expect(JSON.stringify(body)).not.toContain('s3cret');
  });

  it('a body that is cut off, without a word of its secrets', async () => {
    const body = JSON.stringify(fn('f', withKafka('s3cret'))).slice(0, -10);
    const headers = { authorization: 'Bearer right', 'content-type': 'application/json' };

    for (const text of [body, '{"password": s3cret}']) {
      const answer = await fetch(`${d.origin}/api/functions`, { method: 'POST', headers, body: text });
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain('s3cret');
    }
  });

  it('a function that the API server refuses, and its Secret goes', async () => {
    d.api.intercept = (request, response) => {
      if (request.method !== 'POST' || !request.url?.endsWith('/nucliofunctions')) return false;
      response.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify({ reason: 'Invalid', message: 'no' }));
      return true;
    };

    expect((await d.create('f', withKafka('s3cret'))).status).toBe(400);

    expect(secrets()).toEqual([]);
  });
});

describe('an export', () => {
  const path = '/api/functions/f?export=true';

  it('has neither secrets nor references to them, and can be taken in', async () => {
    await deployed();

    const { body } = await d.call('GET', path);

    expect(JSON.stringify(body)).not.toMatch(/s3cret|\$ref:|ampoule.internal.secret/);
    expect((await d.create('g', body.spec)).status).toBe(202);
  });

  it('has nothing of what kubectl noted down, also of a function that was never masked', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{"password":"s3cret"}' };
    d.api.put(at('f'), { metadata: { annotations }, spec: withKafka('s3cret'), status: { state: 'ready' } });

    expect(JSON.stringify((await d.call('GET', path)).body)).not.toContain('s3cret');
  });

  it('has the secrets where a backup asks for them, and brings them back', async () => {
    await deployed();
    const withSecrets = { 'x-ampoule-export-secrets': 'true' };

    const { body } = await d.call('GET', path, undefined, withSecrets);
    const project = await d.call('GET', '/api/projects/default?export=true', undefined, withSecrets);

    expect(body.spec.triggers.k.attributes.sasl.password).toBe('s3cret');
    expect(project.body.functions.f.spec.triggers.k.attributes.sasl.password).toBe('s3cret');
    await d.call('DELETE', '/api/functions', { metadata: { name: 'f' } });
    expect((await d.create('f', body.spec)).status).toBe(202);
    expect(values()).toEqual({ [PASSWORD]: 's3cret' });
  });
});

describe('masked variables', () => {
  beforeEach(async () => {
    await d.stop();
    const customSensitiveFields = ['^/spec/env\\[\\d+\\]/value$'];
    d = await startDashboard({ platform: { sensitiveFields: { maskSensitiveFields: true, customSensitiveFields } } });
  });

  it('have the values of their version where a function goes back to one, though others had their places since', async () => {
    const withVariables = (...names: string[]) => ({ ...spec, env: names.map((name) => ({ name, value: `s3cret-${name}` })) });
    await deployed(withVariables('DB', 'KEY'));
    keep(1);
    await replaced(withVariables('TOKEN', 'DB', 'KEY'));

    expect((await d.call('POST', '/api/functions/f/rollback', { version: 1 })).status).toBe(202);

    expect(d.stored('f')?.spec).toMatchObject({ env: [{ name: 'DB', value: '$ref:/spec/env[0]/value' }, { name: 'KEY' }] });
    expect(values()).toEqual({ '$ref:/spec/env[0]/value': 's3cret-DB', '$ref:/spec/env[1]/value': 's3cret-KEY' });
  });
});

describe('a platform that does not mask', () => {
  beforeEach(async () => {
    await d.stop();
    d = await startDashboard();
  });

  it('keeps functions as they come, as Nuclio does', async () => {
    await deployed();

    expect(d.api.objects.get(at('f'))?.spec).toMatchObject({ triggers: { k: { attributes: { sasl: { password: 's3cret' } } } } });
    expect(secrets()).toEqual([]);
  });
});
