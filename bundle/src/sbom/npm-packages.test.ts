import { expect, it } from 'vitest';
import { npmPackages } from './npm-packages.ts';

const lockfile = JSON.stringify({
  lockfileVersion: 3,
  packages: {
    '': { name: 'ampoule', version: '0.1.0', dependencies: { a: '^1' } },
    lib: { name: '@ampoule/lib', version: '0.1.0' },
    'node_modules/@ampoule/lib': { resolved: 'lib', link: true },
    'node_modules/a': {
      version: '1.0.0',
      license: 'MIT',
      integrity: 'sha512-YQ==',
      dependencies: { b: '^2', '@s/c': '*' },
      peerDependencies: { absent: '*' },
    },
    'node_modules/a/node_modules/b': { version: '2.0.0', license: '(MIT OR Apache-2.0)' },
    'node_modules/b': { version: '1.0.0' },
    'node_modules/@s/c': { version: '3.0.0', license: 'ISC', dependencies: { b: '^1', a: '^1' } },
    'node_modules/d': { version: '1.0.0', license: 'MIT', dev: true },
    'node_modules/e/node_modules/b': { version: '1.0.0' },
    'node_modules/alias': { name: 'real', version: '1.0.0', license: 'MIT' },
  },
});
const names = (options = {}) => npmPackages(lockfile, { usedBy: 'dashboard', ...options }).map(({ name, version }) => `${name}@${version}`);

it('lists each version once, without links, our own folders and what only development needs', () => {
  expect(names()).toEqual(['@s/c@3.0.0', 'a@1.0.0', 'b@2.0.0', 'real@1.0.0', 'b@1.0.0']);
});

it('lists what development needs when asked', () => {
  expect(names({ includeDev: true })).toContain('d@1.0.0');
});

it('follows the dependencies of the named packages as Node.js would find them, even in circles', () => {
  expect(names({ names: ['a'] }).sort()).toEqual(['@s/c@3.0.0', 'a@1.0.0', 'b@1.0.0', 'b@2.0.0']);
  expect(names({ names: ['b'] })).toEqual(['b@1.0.0']);
});

it('gives licence, digest and package URL', () => {
  const packages = npmPackages(lockfile, { usedBy: 'dashboard' });
  expect(packages.find(({ name }) => name === 'a')).toEqual({
    type: 'npm',
    name: 'a',
    version: '1.0.0',
    licence: 'MIT',
    integrity: 'sha512-YQ==',
    purl: 'pkg:npm/a@1.0.0',
    usedBy: ['dashboard'],
  });
  expect(packages.find(({ name }) => name === '@s/c')?.purl).toBe('pkg:npm/%40s/c@3.0.0');
  expect(packages.find(({ name, version }) => name === 'b' && version === '1.0.0')?.licence).toBe('NOASSERTION');
});

it('refuses a lockfile of another version', () => {
  expect(() => npmPackages('{"lockfileVersion":1,"packages":{}}', { usedBy: 'x' })).toThrowError(
    expect.objectContaining({ code: 'AMP_INPUT_INVALID' }),
  );
});
