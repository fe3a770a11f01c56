import { describe, expect, it } from 'vitest';
import { maskFunction, mountedSecretOf, referencesIn, restoreFunction, withoutSecrets } from './mask.ts';
import { sensitiveFieldsOf } from './mask-fields.ts';
import { secretDataOf, valuesOfContent } from './mask-secret.ts';
import { platformConfigSchema } from './platform-config.ts';

const test = testWith();

function testWith(...customSensitiveFields: string[]) {
  return sensitiveFieldsOf(platformConfigSchema.parse({ sensitiveFields: { customSensitiveFields } }));
}

const withSpec = (spec: object, annotations?: Record<string, string>) => ({ metadata: annotations ? { annotations } : {}, spec });
const withTrigger = (fields: object, key = 'k') => withSpec({ triggers: { [key]: { kind: 'kafka-cluster', ...fields } } });

describe('masked are', () => {
  it.each([
    ['passwords of triggers', withTrigger({ password: 's3cret' })],
    ['secrets of triggers', withTrigger({ secret: 's3cret' })],
    ['passwords among attributes', withTrigger({ attributes: { password: 's3cret' } })],
    ['passwords that are numbers', withTrigger({ attributes: { password: 5318008 } })],
    ['tokens', withTrigger({ attributes: { token: 's3cret' } })],
    ['SASL passwords', withTrigger({ attributes: { sasl: { password: 's3cret' } } })],
    ['secrets of OAuth clients', withTrigger({ attributes: { sasl: { oauth: { clientSecret: 's3cret' } } } })],
    ['certificates and keys', withTrigger({ attributes: { caCert: 's3cret', accessKey: 's3cret', accessCertificate: 's3cret' } })],
    ['keys of Kinesis', withTrigger({ attributes: { accessKeyID: 's3cret', secretAccessKey: 's3cret', sessionToken: 's3cret' } })],
    ['keys of Event Hubs', withTrigger({ attributes: { sharedAccessKeyValue: 's3cret' } })],
    ['credentials of Pub/Sub', withTrigger({ attributes: { credentials: { contents: 's3cret' } } })],
    ['URLs of triggers with a password', withTrigger({ url: 'amqp://me:s3cret@mq' })],
    ['URLs of brokers with a password', withTrigger({ attributes: { brokers: ['nats://me:s3cret@a', 'nats://s3cret@b'] } })],
    ['whatever a trigger is called', withTrigger({ password: 's3cret' }, 'a/b "c"')],
    ['data bindings', withSpec({ dataBindings: { d: { secret: 's3cret', attributes: { password: 's3cret' } } } })],
    ['passwords of git', withSpec({ build: { codeEntryAttributes: { password: 's3cret' } } })],
    ['addresses of brokers with a password', withTrigger({ attributes: { brokers: ['a:9092', 'me:s3cret@b:9092'] } })],
    ['URLs that only look wrong', withSpec({ build: { path: 'https:me:s3cret@git/r' } })],
    ['URLs with a space in the password', withSpec({ build: { path: 'https://me:a s3cret@git/r' } })],
    ['URLs of git with a password', withSpec({ build: { path: 'https://me:s3cret@git/r' } })],
    ['keys of buckets', withSpec({ build: { codeEntryAttributes: { s3SecretAccessKey: 's3cret', s3SessionToken: 's3cret' } } })],
    [
      'headers of archives',
      withSpec({ build: { codeEntryAttributes: { headers: { Authorization: 's3cret', 'PRIVATE-TOKEN': 's3cret' } } } }),
    ],
    ['annotations of Kafka', withSpec({}, { 'nuclio.io/kafka-sasl-password': 's3cret' })],
  ])('%s, and come back as they were', (_, fn) => {
    const { masked, values } = maskFunction(fn, test);

    expect(JSON.stringify(masked)).not.toMatch(/s3cret|5318008/);
    expect(values.size).toBeGreaterThan(0);
    expect(referencesIn(masked).sort()).toEqual([...values.keys()].sort());
    const read = valuesOfContent(Buffer.from(secretDataOf(values).content ?? '', 'base64').toString());
    expect(JSON.stringify(restoreFunction(masked, read)).replace('"5318008"', '5318008')).toEqual(JSON.stringify(fn));
  });

  it('custom fields, with all that is in them', () => {
    const fn = withSpec({
      env: [
        { name: 'OPEN', value: 'open' },
        { name: 'KEY', value: 's3cret' },
      ],
      runtimeAttributes: { vault: { a: 's3cret' } },
    });

    const { masked, values } = maskFunction(fn, testWith('^/spec/env\\[1\\]/value$', '^/spec/runtimeAttributes/vault$'));

    expect(masked.spec).toEqual({
      env: [
        { name: 'OPEN', value: 'open' },
        { name: 'KEY', value: '$ref:/spec/env[1]/value' },
      ],
      runtimeAttributes: { vault: { a: '$ref:/spec/runtimeattributes/vault/a' } },
    });
    expect(values.size).toBe(2);
  });
});

describe('not masked are', () => {
  it.each([
    ['empty values', withTrigger({ password: '' })],
    ['addresses of brokers', withTrigger({ attributes: { brokers: ['a:9092', 'nats://b:4222'] } })],
    ['addresses without a user', withTrigger({ url: 'amqp://mq:5672/a@b' })],
    ['user names', withTrigger({ username: 'me', attributes: { sasl: { user: 'me' } } })],
    ['what a cron trigger sends', withTrigger({ attributes: { event: { headers: { secret: 'x' } } } })],
    ['variables', withSpec({ env: [{ name: 'PASSWORD', value: 'x' }] })],
  ])('%s', (_, fn) => {
    expect(maskFunction(fn, test)).toEqual({ masked: fn, values: new Map() });
  });
});

describe('a reference', () => {
  const values = new Map([['$ref:/spec/triggers/old/password', 's3cret']]);

  it('may move from one sensitive field to another, such as that of a renamed trigger', () => {
    const fn = withTrigger({ password: '$ref:/spec/triggers/old/password' }, 'new');

    expect(restoreFunction(fn, values, test)).toEqual(withTrigger({ password: 's3cret' }, 'new'));
  });

  it('stays as it is in a field that everybody may read', () => {
    const fn = withSpec({ description: '$ref:/spec/triggers/old/password' });

    expect(restoreFunction(fn, values, test)).toEqual(fn);
  });

  it('without a value is a mistake, which names the field', () => {
    const fn = withTrigger({ password: '$ref:/spec/triggers/k/password' });

    expect(() => restoreFunction(fn, new Map())).toThrow('the references at /spec/triggers/k/password');
  });

  it('must not stand for two values', () => {
    const fn = withSpec({ triggers: { a: { kind: 'nats', password: 's3cret' }, A: { kind: 'nats', password: 'other' } } });

    expect(() => maskFunction(fn, test)).toThrow(/^The secrets at \/spec\/triggers\/A\/password cannot be told from others/);
  });
});

describe('pods', () => {
  const own = 'nuclio-f-1a2b3c4d';
  const metadataOf = (secret: string) => ({ name: 'f', annotations: { 'ampoule.internal/secret': secret } });
  const { spec } = withTrigger({ password: '$ref:/spec/triggers/k/password' });

  it('have the Secret mounted whose values their triggers refer to', () => {
    expect(mountedSecretOf({ metadata: metadataOf(own), spec })).toBe(own);
  });

  it('have that of their function mounted where they are of a version', () => {
    const labels = { 'ampoule.internal/version-of': 'f' };
    expect(mountedSecretOf({ metadata: { ...metadataOf(own), name: 'f-v1', labels }, spec })).toBe(own);
  });

  it.each([['nuclio-other-1a2b3c4d'], ['nuclio-f-x-1a2b3c4d'], ['nuclio-f-v1-1a2b3c4d'], ['platform'], ['nuclio-f-']])(
    'have no Secret %s mounted, whatever the annotation says',
    (secret) => {
      expect(mountedSecretOf({ metadata: metadataOf(secret), spec })).toBeUndefined();
    },
  );

  it('have no Secret mounted that is for the builder alone', () => {
    const build = { codeEntryAttributes: { password: '$ref:/spec/build/codeentryattributes/password' } };

    expect(mountedSecretOf({ metadata: metadataOf(own), spec: { build } })).toBeUndefined();
  });
});

it('a Secret has no key that Kubernetes refuses', () => {
  const names = ['a?>~', 'é', 'n'.repeat(300)];
  const triggers = Object.fromEntries(names.map((name) => [name, { kind: 'nats', password: 's3cret' }]));

  const keys = Object.keys(secretDataOf(maskFunction(withSpec({ triggers }), test).values));

  expect(keys).toHaveLength(3);
  for (const key of keys) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
});

it('without its secrets a function has neither values nor references', () => {
  const fn = withTrigger({ password: 's3cret', secret: '$ref:/spec/triggers/k/secret', url: 'nats://a:b@h', topic: 't' });

  expect(withoutSecrets(fn, test)).toEqual(withTrigger({ topic: 't' }));
});
