import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { JarSource } from '../definition.ts';
import { filesBelow } from '../files.ts';

const COMPILE_LIMIT_MS = 120_000;
/** The usual joining of texts prepares code when it first runs, which would make up a tenth of the start of a small program. */
const OPTIONS = ['--release', '17', '-encoding', 'UTF-8', '-g', '-Xlint:all', '-Werror', '-XDstringConcat=inline'];
/** The earliest that a jar can tell. */
const DATE = '1980-01-01T00:00:02Z';
const JAR = 'program.jar';

/** Compiles Java of ours into a jar that runs, the same bytes for the same sources and the same compiler. @throws AMP_BUNDLE_COMPONENT */
export async function buildJar(name: string, source: JarSource, context: BuildContext): Promise<SourceResult> {
  const folder = join(context.repository, source.sources);
  const files = (await filesBelow(folder)).filter((path) => path.endsWith('.java')).map((path) => join(folder, path));
  const compiler = await exec('javac', ['--version']);
  const key = cacheKey('jar-1', source, OPTIONS, DATE, compiler, await digestOf(files));
  const built = await cached(cacheFolder(context, 'components'), name, key, async (target) => {
    context.progress(name, 'compiling');
    const work = await mkdtemp(join(target, 'work-'));
    await compile(files, source, work);
    await rename(join(work, JAR), join(target, JAR));
    await rm(work, { recursive: true });
  });
  return { entries: [{ path: source.path, mode: 0o644, file: join(built, JAR) }], key, origins: [] };
}

async function compile(files: readonly string[], { main, opens }: JarSource, work: string): Promise<void> {
  const classes = join(work, 'classes');
  await exec('javac', [...OPTIONS, '-d', classes, ...files], { timeoutMs: COMPILE_LIMIT_MS });
  const manifest = join(work, 'manifest');
  await writeFile(manifest, [`Main-Class: ${main}`, `Add-Opens: ${opens.join(' ')}`, ''].join('\n'));
  // Not compressed, so that a start has nothing to unpack.
  const options = ['--create', '--no-compress', `--date=${DATE}`, '--manifest', manifest, '--file', join(work, JAR)];
  await exec('jar', [...options, ...(await filesBelow(classes))], { cwd: classes, timeoutMs: COMPILE_LIMIT_MS });
}

async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(file)).update('\0');
  return hash.digest('hex');
}
