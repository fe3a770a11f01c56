import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { type LayerEntry, packLayer } from '@ampoule/lib/oci/layer';
import { unpackLayer } from '@ampoule/lib/oci/unpack';
import { filesBelow } from '../files.ts';
import { cached, cacheKey } from './cache.ts';
import { type BuildContext, cacheFolder, ownArchitecture, platformNames, type SourceResult } from './context.ts';

const PROGRAM = join(import.meta.dirname, 'bytecode.py');
const COMPILED = 'compiled';
const LIMIT_MS = 300_000;

/**
 * Adds the bytecode of all Python files: nobody may write beside them in an image, so each start would compile what it imports.
 *
 * @param python the interpreter that will read it, for the machine that builds: bytecode is the same for all architectures
 */
export async function addBytecode(name: string, source: SourceResult, python: SourceResult, context: BuildContext): Promise<SourceResult> {
  const key = cacheKey('bytecode-1', source.key, python.key, await readFile(PROGRAM, 'utf8'));
  const folder = await cached(cacheFolder(context, 'components'), `${name}-bytecode`, key, async (target) => {
    context.progress(name, 'compiling');
    const work = await mkdtemp(join(tmpdir(), 'ampoule-bytecode-'));
    try {
      await compile(source, python, work, join(target, COMPILED));
    } finally {
      await rm(work, { recursive: true });
    }
  });
  const compiled = join(folder, COMPILED);
  const entries = (await filesBelow(compiled)).map((path): LayerEntry => ({ path, mode: 0o644, file: join(compiled, path) }));
  return { ...source, entries: [...source.entries, ...entries], key };
}

async function compile({ entries }: SourceResult, python: SourceResult, work: string, target: string): Promise<void> {
  const [root, sources] = [join(work, 'root'), join(work, 'sources')];
  await unpackLayer((await packLayer(python.entries)).bytes, root);
  const files = entries.filter((entry) => entry.path.endsWith('.py') && !('link' in entry));
  await unpackLayer((await packLayer(files)).bytes, sources);
  await mkdir(target, { recursive: true });
  const interpreter = join(root, 'usr/bin/python3');
  const { triplet } = platformNames[ownArchitecture];
  const libraries = ['usr/lib', 'lib'].map((folder) => join(root, folder, triplet)).join(':');
  // A random seed would change the order of sets, and with it the bytes.
  const env = { PYTHONHOME: join(root, 'usr'), LD_LIBRARY_PATH: libraries, PYTHONHASHSEED: '0' };
  const tag = await exec(interpreter, ['-S', '-c', 'import sys; print(sys.implementation.cache_tag)'], { env });
  const lines = files.map(({ path }) => {
    const pyc = join(dirname(path), '__pycache__', `${path.slice(dirname(path).length + 1, -'.py'.length)}.${tag.trim()}.pyc`);
    return [`/${path}`, join(sources, path), join(target, pyc)].join('\t');
  });
  await exec(interpreter, ['-S', '-B', PROGRAM], { env, input: `${lines.join('\n')}\n`, timeoutMs: LIMIT_MS });
}
