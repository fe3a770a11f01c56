import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { build } from 'esbuild';
import { cacheKey } from '../build/cache.ts';
import type { BuildContext, SourceResult } from '../build/context.ts';
import type { TypescriptSource } from '../definition.ts';
import { npmPackages } from '../sbom/npm-packages.ts';
import { startPath } from './start-path.ts';

/** Packages written for CommonJS expect these names; ES modules do not have them. */
const COMMONJS_NAMES = [
  "import { createRequire as ampouleCreateRequire } from 'node:module';",
  "import { fileURLToPath as ampouleFileURLToPath } from 'node:url';",
  'const require = ampouleCreateRequire(import.meta.url);',
  'const __filename = ampouleFileURLToPath(import.meta.url);',
  "const __dirname = ampouleFileURLToPath(new URL('.', import.meta.url));",
].join('\n');

export interface JoinedFiles {
  /** By path as in the source's entries, and files beside them that these import when they need them. */
  files: Map<string, Uint8Array>;
  npmPackages: string[];
}

/** Joins our own TypeScript and the npm packages that it imports into one file for each entry, and one for each import on demand. */
export async function joinTypescript(
  repository: string,
  source: Pick<TypescriptSource, 'entries' | 'starts' | 'assets'>,
): Promise<JoinedFiles> {
  const files = new Map<string, Uint8Array>();
  const inputs: string[] = [];
  const folder = dirname(Object.keys(source.entries)[0] ?? '');
  // One at a time: a thread that shares files with what starts it would make more of them.
  for (const [path, entry] of Object.entries(source.entries)) {
    const start = source.starts[entry];
    const result = await build({
      absWorkingDir: repository,
      entryPoints: [{ in: entry, out: relative(folder, path).replace(/\.mjs$/, '') }],
      bundle: true,
      splitting: true,
      write: false,
      outdir: `/${folder}`,
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunks/[name]-[hash]',
      platform: 'node',
      format: 'esm',
      target: 'node26',
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'none',
      banner: { js: COMMONJS_NAMES },
      metafile: true,
      logLevel: 'silent',
      plugins: start === undefined ? [] : [startPath(repository, start)],
    });
    for (const { path: written, contents } of result.outputFiles) files.set(written.slice(1), contents);
    inputs.push(...Object.keys(result.metafile.inputs));
  }
  const packages = inputs.flatMap((input) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []);
  for (const [path, file] of Object.entries(source.assets)) files.set(path, await readFile(join(repository, file)));
  return {
    files,
    npmPackages: [...new Set(packages)],
  };
}

/** The files of a component in TypeScript. */
export async function buildTypescript(name: string, source: TypescriptSource, context: BuildContext): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, 'package-lock.json'), 'utf8');
  const { files, npmPackages: names } = await joinTypescript(context.repository, source);
  const entries: LayerEntry[] = [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, content]) => ({ path, content: Buffer.from(content) }));
  const digests = entries.map((entry) => [entry.path, 'content' in entry ? digestOf(Buffer.from(entry.content)) : '']);
  return {
    entries,
    key: cacheKey('typescript-2', digests),
    origins: npmPackages(lockText, { names, usedBy: name, includeDev: true }),
  };
}
