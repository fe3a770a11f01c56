import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '@ampoule/lib/oci/digest';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { build } from 'esbuild';
import { cacheKey } from '../build/cache.ts';
import type { BuildContext, SourceResult } from '../build/context.ts';
import type { TypescriptSource } from '../definition.ts';
import { npmPackages } from '../sbom/npm-packages.ts';

/** Packages written for CommonJS expect these names; ES modules do not have them. */
const COMMONJS_NAMES = [
  "import { createRequire as ampouleCreateRequire } from 'node:module';",
  "import { fileURLToPath as ampouleFileURLToPath } from 'node:url';",
  'const require = ampouleCreateRequire(import.meta.url);',
  'const __filename = ampouleFileURLToPath(import.meta.url);',
  "const __dirname = ampouleFileURLToPath(new URL('.', import.meta.url));",
].join('\n');

/** Joins our own TypeScript and the npm packages that it imports into one file for each entry. */
export async function buildTypescript(name: string, source: TypescriptSource, context: BuildContext): Promise<SourceResult> {
  const lockText = await readFile(join(context.repository, 'package-lock.json'), 'utf8');
  const entries: LayerEntry[] = [];
  const packages = new Set<string>();
  for (const [path, entry] of Object.entries(source.entries)) {
    const result = await build({
      absWorkingDir: context.repository,
      entryPoints: [entry],
      bundle: true,
      write: false,
      platform: 'node',
      format: 'esm',
      target: 'node26',
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'none',
      banner: { js: COMMONJS_NAMES },
      metafile: true,
      logLevel: 'silent',
    });
    const [output] = result.outputFiles;
    if (output === undefined) continue;
    entries.push({ path, content: Buffer.from(output.contents) });
    for (const input of Object.keys(result.metafile.inputs)) {
      const packageName = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
      if (packageName !== undefined) packages.add(packageName);
    }
  }
  const digests = entries.map((entry) => [entry.path, 'content' in entry ? digestOf(Buffer.from(entry.content)) : '']);
  return {
    entries,
    key: cacheKey('typescript-2', digests),
    origins: npmPackages(lockText, { names: [...packages], usedBy: name, includeDev: true }),
  };
}
