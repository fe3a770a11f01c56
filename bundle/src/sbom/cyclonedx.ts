import { createHash } from 'node:crypto';
import { purlOf } from './purl.ts';
import { NO_ASSERTION, type SbomComponent, type SbomSubject } from './types.ts';

/** What Ampoule says about each component beside what CycloneDX has fields for: https://cyclonedx.org/docs/1.6/json/#components_items_properties */
const USED_BY = 'ampoule:usedBy';
const GO_SUM = 'ampoule:goSum';

/** SRI names of digests in CycloneDX's words. */
const algorithms: Record<string, string> = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' };

/** The bundle's SBOM as CycloneDX 1.6 JSON. The same input, in any order, gives the same bytes. */
export function cycloneDx(subject: SbomSubject, components: readonly SbomComponent[]): string {
  const merged = mergeComponents(components);
  const reference = purlOf('generic', subject.name, subject.version);
  const content = {
    metadata: {
      timestamp: new Date(subject.createdAt).toISOString().replace('.000Z', 'Z'),
      component: { type: 'application', 'bom-ref': reference, name: subject.name, version: subject.version, purl: reference },
    },
    components: merged.map(componentOf),
    dependencies: [{ ref: reference, dependsOn: merged.map(({ purl }) => purl) }],
  };
  const head = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
  };
  return `${JSON.stringify({ ...head, ...content }, null, 2)}\n`;
}

/** Each package once, in the order of purls, with everyone who uses it. */
export function mergeComponents(components: readonly SbomComponent[]): SbomComponent[] {
  const byPurl = new Map<string, SbomComponent>();
  for (const component of [...components].sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)))) {
    const known = byPurl.get(component.purl);
    const licence = [known?.licence, component.licence].find((each) => each !== undefined && each !== NO_ASSERTION);
    byPurl.set(component.purl, {
      ...known,
      ...component,
      ...(licence === undefined ? {} : { licence }),
      usedBy: [...new Set([...(known?.usedBy ?? []), ...component.usedBy])].sort(),
    });
  }
  return [...byPurl.values()].sort((a, b) => compare(a.purl, b.purl));
}

function componentOf({ type, name, version, licence, purl, sha256, integrity, usedBy }: SbomComponent) {
  const hashes = hashesOf(sha256, integrity);
  const goSum = integrity?.startsWith('h1:') ? [{ name: GO_SUM, value: integrity }] : [];
  return {
    type: type === 'file' ? 'file' : 'library',
    'bom-ref': purl,
    name,
    version,
    ...(hashes.length === 0 ? {} : { hashes }),
    licenses: licencesOf(licence),
    purl,
    properties: [...usedBy.map((value) => ({ name: USED_BY, value })), ...goSum],
  };
}

/** One SPDX identifier or expression is an `expression`; anything else is a name in the package's own words. */
function licencesOf(licence = NO_ASSERTION) {
  const term = '\\(*[A-Za-z0-9][A-Za-z0-9.+-]*\\)*';
  const isExpression = licence !== NO_ASSERTION && new RegExp(`^${term}( (AND|OR|WITH) ${term})*$`).test(licence);
  return isExpression && !/^(UNLICENSED|SEE)$/.test(licence) ? [{ expression: licence }] : [{ license: { name: licence } }];
}

function hashesOf(sha256: string | undefined, integrity: string | undefined) {
  const hashes = new Map<string, string>();
  for (const part of integrity?.split(' ') ?? []) {
    const [, name = '', base64 = ''] = /^(sha\d+)-([A-Za-z0-9+/=]+)$/.exec(part) ?? [];
    const alg = algorithms[name];
    if (alg !== undefined) hashes.set(alg, Buffer.from(base64, 'base64').toString('hex'));
  }
  if (sha256 !== undefined) hashes.set('SHA-256', sha256);
  return [...hashes].map(([alg, content]) => ({ alg, content })).sort((a, b) => compare(a.alg, b.alg));
}

/** A UUID of version 8 (RFC 9562: custom), made of the content's SHA-256. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** By code unit, never by the locale of the machine that builds. */
function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
