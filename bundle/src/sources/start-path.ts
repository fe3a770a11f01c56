import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const ASKED = Symbol('asked by this plugin');

/**
 * Brings all that a program needs at each start into one file. esbuild puts what a part on demand shares with the start into files of their
 * own, one for each set of parts, and each of them takes time to load. So every part on demand imports the start, which is there by then.
 */
export function startPath(repository: string, start: string): Plugin {
  const startFile = join(repository, start);
  const parts = new Set<string>();
  return {
    name: 'start-path',
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, kind, pluginData, importer, resolveDir }) => {
        if (kind !== 'dynamic-import' || pluginData === ASKED) return undefined;
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: ASKED });
        if (found.errors.length === 0 && !found.external && found.path !== startFile) parts.add(found.path);
        return found;
      });
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        if (!parts.has(path)) return undefined;
        return { contents: `${await readFile(path, 'utf8')}\nimport ${JSON.stringify(startFile)};\n`, loader: 'ts' };
      });
    },
  };
}
