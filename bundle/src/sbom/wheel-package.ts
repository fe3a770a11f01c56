import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { digestOfFile } from '@ampoule/lib/oci/digest';
import { openPromise } from 'yauzl';
import { purlOf } from './purl.ts';
import { NO_ASSERTION, type SbomComponent } from './types.ts';

const METADATA = /^[^/]+\.dist-info\/METADATA$/;

/** A wheel as the SBOM lists it, by what it says of itself: https://packaging.python.org/en/latest/specifications/core-metadata/ */
export async function wheelPackage(file: string, usedBy: string): Promise<SbomComponent> {
  const metadata = await metadataOf(file);
  const name = fieldOf(metadata, 'Name')?.toLowerCase() ?? basename(file);
  const version = fieldOf(metadata, 'Version') ?? '';
  return {
    type: 'pypi',
    name,
    version,
    licence: licenceOf(metadata),
    purl: purlOf('pypi', name.replaceAll('_', '-'), version),
    sha256: (await digestOfFile(file)).slice('sha256:'.length),
    usedBy: [usedBy],
  };
}

async function metadataOf(file: string): Promise<string> {
  const zip = await openPromise(file, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    if (METADATA.test(entry.fileName)) return (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
  }
  return '';
}

/** An older package has a sentence or a whole text there; the classifiers then say it in one line. */
function licenceOf(metadata: string): string {
  const own = fieldOf(metadata, 'License-Expression') ?? fieldOf(metadata, 'License');
  if (own !== undefined && own.length < 60) return own;
  return /^Classifier: License :: OSI Approved :: (.+)$/m.exec(metadata)?.[1] ?? NO_ASSERTION;
}

function fieldOf(metadata: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.+)$`, 'm').exec(metadata)?.[1]?.trim();
}
