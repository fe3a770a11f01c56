import { expect, it } from 'vitest';
import { cycloneDx } from './cyclonedx.ts';
import type { SbomComponent } from './types.ts';

const subject = { name: 'ampoule', version: '0.1.0', createdAt: '2026-03-01T10:00:00.000Z' };
const go: SbomComponent = {
  type: 'golang',
  name: 'k8s.io/api',
  version: 'v0.36.3',
  licence: 'Apache-2.0',
  purl: 'pkg:golang/k8s.io/api@v0.36.3',
  integrity: 'h1:x=',
  usedBy: ['kubernetes'],
};
const npm: SbomComponent = {
  type: 'npm',
  name: 'a',
  version: '1.0.0',
  licence: '(MIT OR Apache-2.0)',
  purl: 'pkg:npm/a@1.0.0',
  integrity: 'sha512-YQ==',
  usedBy: ['dashboard'],
};
const file: SbomComponent = {
  type: 'file',
  name: 'root.tar',
  version: '1',
  licence: 'see LICENSE in it',
  purl: 'pkg:generic/root.tar@1',
  sha256: 'ab'.repeat(32),
  usedBy: [],
};
const deb: SbomComponent = { type: 'deb', name: 'tzdata', version: '1', purl: 'pkg:deb/debian/tzdata@1?arch=all', usedBy: ['base'] };

it('gives the same bytes for the same content in any order', () => {
  expect(cycloneDx(subject, [go, npm, file, deb])).toBe(cycloneDx(subject, [deb, file, npm, go]));
});

it('has a serial number that changes with the content alone', () => {
  const serial = (components: SbomComponent[]) => JSON.parse(cycloneDx(subject, components)).serialNumber;
  expect(serial([go])).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(serial([go])).toBe(serial([go]));
  expect(serial([go])).not.toBe(serial([go, npm]));
});

it('names the bundle, its date and everything that it depends on', () => {
  const sbom = JSON.parse(cycloneDx(subject, [npm, go]));
  expect(sbom).toMatchObject({
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { timestamp: '2026-03-01T10:00:00Z', component: { name: 'ampoule', version: '0.1.0' } },
    dependencies: [{ ref: 'pkg:generic/ampoule@0.1.0', dependsOn: [go.purl, npm.purl] }],
  });
});

it('lists a package once, with everyone who uses it and the licence that any of them knows', () => {
  const { components } = JSON.parse(cycloneDx(subject, [go, { ...go, licence: 'NOASSERTION', usedBy: ['coredns'] }]));
  expect(components).toHaveLength(1);
  expect(components[0]).toMatchObject({
    licenses: [{ expression: 'Apache-2.0' }],
    properties: [
      { name: 'ampoule:usedBy', value: 'coredns' },
      { name: 'ampoule:usedBy', value: 'kubernetes' },
      { name: 'ampoule:goSum', value: 'h1:x=' },
    ],
  });
});

it.each([
  [npm, [{ expression: '(MIT OR Apache-2.0)' }]],
  [file, [{ license: { name: 'see LICENSE in it' } }]],
  [deb, [{ license: { name: 'NOASSERTION' } }]],
  [{ ...npm, licence: 'UNLICENSED' }, [{ license: { name: 'UNLICENSED' } }]],
  [{ ...npm, licence: 'Apache-2.0 AND (MIT OR BSD-3-Clause)' }, [{ expression: 'Apache-2.0 AND (MIT OR BSD-3-Clause)' }]],
])('writes the licence of %o as CycloneDX wants it', (component, licenses) => {
  expect(JSON.parse(cycloneDx(subject, [component])).components[0].licenses).toEqual(licenses);
});

it('writes digests in hexadecimal', () => {
  const [generic, second] = JSON.parse(cycloneDx(subject, [file, npm])).components;
  expect(generic.hashes).toEqual([{ alg: 'SHA-256', content: 'ab'.repeat(32) }]);
  expect(second.hashes).toEqual([{ alg: 'SHA-512', content: '61' }]);
});
