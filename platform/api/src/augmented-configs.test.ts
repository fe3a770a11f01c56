import { describe, expect, it } from 'vitest';
import { augmentedConfigSchema, fitsLabels } from './augmented-configs.ts';
import { platformConfigSchema } from './platform-config.ts';

const labels = { team: 'a', 'nuclio.io/class': 'function' };

describe('what the platform adds to functions', () => {
  it.each([
    ['all, without requirements', {}, true],
    ['those with its labels', { matchLabels: { team: 'a' } }, true],
    ['none with other labels', { matchLabels: { team: 'b' } }, false],
    ['those with one of its values', { matchExpressions: [{ key: 'team', operator: 'In', values: ['a', 'b'] }] }, true],
    ['those with none of its values', { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['b'] }] }, true],
    ['those that have a label', { matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
    ['those that lack a label', { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] }, false],
    ['those that fit both', { matchLabels: { team: 'a' }, matchExpressions: [{ key: 'zone', operator: 'Exists' }] }, false],
  ])('is for %s', (_what, labelSelector, fits) => {
    expect(fitsLabels(augmentedConfigSchema.parse({ labelSelector }).labelSelector, labels)).toBe(fits);
  });

  it.each([
    ['an operator that is not there', { labelSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } }, /operator/],
    ['values without an operator for them', { labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }, /needs values/],
    ['a field of functions that is none', { functionConfig: { spec: { minReplicas: 'many' } } }, /minReplicas/],
    ['another name for functions', { functionConfig: { metadata: { name: 'x' } } }, /name/],
    ['other pods for functions', { kubernetes: { deployment: { spec: { selector: {} } } } }, /which pods belong to a function/],
    ['replicas past the function', { kubernetes: { deployment: { spec: { replicas: 2 } } } }, /replicas belong into functionConfig/],
    ['what nobody knows', { kubernets: {} }, /kubernets/],
  ])('is refused with %s', (_what, config, message) => {
    const found = platformConfigSchema.safeParse({ functionAugmentedConfigs: [config] });
    expect(found.error?.message).toMatch(message);
  });
});
