import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ownArchitecture } from '@ampoule/bundle/build/context';
import { loadDefinition } from '@ampoule/bundle/definition';
import { joinTypescript } from '@ampoule/bundle/sources/typescript';

const repository = resolve(import.meta.dirname, '../..');

/** Builds the processor into a folder as it is in its image; gives the paths of its files there. */
export async function buildProcessor(folder: string): Promise<string[]> {
  const { components } = await loadDefinition(repository, ownArchitecture);
  const source = components.get('processor')?.source;
  if (source?.kind !== 'typescript') throw new Error('bundle.yaml has no component processor in TypeScript');
  const { files } = await joinTypescript(repository, source);
  await rm(folder, { recursive: true, force: true });
  for (const [path, content] of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return [...files.keys()];
}
