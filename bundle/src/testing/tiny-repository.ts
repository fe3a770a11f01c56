import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateOptions } from '../create.ts';
import { writeKeyPair } from '../signing/key-files.ts';
import { generateKeyPair } from '../signing/keys.ts';
import { writeTree } from './temporary.ts';

export const quiet = () => undefined;

/** A placeholder as it stands in a file. */
export function slot(name: string): string {
  return `$\{${name}}`;
}

const BUNDLE = `
name: tiny
components:
  libraries: { source: { kind: files }, tree: images/libraries/root, compression: gzip }
  node: { source: { kind: files }, tree: images/node/root, compression: gzip }
  installer: { source: { kind: typescript, entries: { lib/ampoule/ampoule.mjs: src/installer.ts } }, compression: gzip }
  base: { source: { kind: files }, tree: images/base/root }
  app: { source: { kind: typescript, entries: { opt/app.mjs: src/app.ts } }, linksIn: bin, links: { app: ../opt/app.mjs } }
`;

/** A repository with everything that a bundle is made of, and nothing that is slow to make. `changes` replaces files. */
export async function writeTinyRepository(repository: string, changes: Readonly<Record<string, string>> = {}): Promise<void> {
  await writeTree(repository, {
    'package.json': '{ "version": "1.2.3" }',
    'package-lock.json': '{ "lockfileVersion": 3, "packages": {} }',
    'bundle/bundle.yaml': BUNDLE,
    'bundle/launcher.sh': await readFile(join(import.meta.dirname, '../../launcher.sh'), 'utf8'),
    'src/installer.ts': 'process.stdout.write("installer");',
    'src/app.ts': 'const text: string = "app"; process.stdout.write(text);',
    // Stands for the dynamic loader, and tells what it was asked to start.
    'images/libraries/root/lib64/ld-linux-x86-64.so.2': '#!/bin/sh\necho "bundle $AMPOULE_BUNDLE"\nprintf "%s\\n" "$@"\n',
    'images/node/root/usr/local/bin/node': '#!/bin/sh\n',
    'images/base/root/etc/passwd': 'root:x:0:0::/:\n',
    'images/host/image.yaml': `image: ampoule.internal/host:${slot('version')}\nlayers: [libraries, node, installer]\nentrypoint: [/bin/ampoule]\n`,
    'images/app/image.yaml': `image: ampoule.internal/app:${slot('version')}\nlayers: [base, app]\nentrypoint: [/bin/app]\nuser: "65532:65532"\n`,
    'manifests/app/10-app.yaml': `spec: { containers: [{ name: app, image: "ampoule.internal/app:${slot('version')}" }] }\n`,
    'manifests/app/20-empty.yaml': '',
    ...changes,
  });
}

/** What `createBundle` needs to make the bundle of a tiny repository, with a key made for it. */
export async function tinyOptions(repository: string, outputFolder: string): Promise<CreateOptions> {
  const privateKeyFile = join(outputFolder, 'signing.key');
  await writeKeyPair(await generateKeyPair(), { privateKeyFile, publicKeyFile: `${privateKeyFile}.pub` });
  return {
    repository,
    architecture: 'amd64',
    outputFolder,
    privateKeyFile,
    createdAt: new Date('2026-01-02T03:04:05.000Z'),
    progress: quiet,
  };
}
