import { defaultPlatformConfig, platformConfigSchema } from '@ampoule/platform-api/platform-config';
import { expect, it } from 'vitest';
import { ParsedFunctions } from './parsed-functions.ts';

const object = { metadata: { name: 'f', namespace: 'nuclio', uid: 'u' }, spec: { maxReplicas: 2 }, status: {} };

it('a function is scaled by what the platform adds to it now', () => {
  const parsed = new ParsedFunctions();
  const most = () => parsed.of(object)?.spec.maxReplicas;
  expect(most()).toBe(2);
  parsed.use(platformConfigSchema.parse({ functionAugmentedConfigs: [{ functionConfig: { spec: { maxReplicas: 9 } } }] }));
  expect(most()).toBe(9);
  parsed.use(defaultPlatformConfig);
  expect(most()).toBe(2);
});

it('a function is parsed once as long as the platform adds the same', () => {
  const parsed = new ParsedFunctions();
  const before = parsed.of(object);
  parsed.use(platformConfigSchema.parse({ functionReadinessTimeout: '1s' }));
  expect(parsed.of(object)).toBe(before);
});

it('a function that is not valid is none', () => {
  expect(new ParsedFunctions().of({ ...object, spec: { maxReplicas: 'many' } })).toBeUndefined();
});
