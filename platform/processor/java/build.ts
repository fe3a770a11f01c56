import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exec } from '@ampoule/lib/exec';

const SOURCES = join(import.meta.dirname, 'src');
const CACHE = join(import.meta.dirname, '../../../.cache/java');
const JAR = 'ampoule-java.jar';
const COMPILE_LIMIT_MS = 120_000;

/** The usual joining of texts prepares code when it first runs, which would make up a tenth of a worker's start. */
const OPTIONS = ['--release', '17', '-encoding', 'UTF-8', '-g', '-Xlint:all', '-Werror', '-XDstringConcat=inline'];
/** The program takes over sockets that the processor left open, for which it needs the inside of java.io. */
const MANIFEST = 'Main-Class: ampoule.worker.Main\nAdd-Opens: java.base/java.io\n';
/** The earliest that a jar can tell. */
const DATE = '1980-01-01T00:00:02Z';

/** Compiles what runs handlers in Java, once for the same sources, and gives the jar. @throws AMP_COMMAND_FAILED with the compiler's words */
export async function buildJavaWrapper(cache = CACHE): Promise<string> {
  const sources = await sourcesBelow(SOURCES);
  const folder = join(cache, await digestOf(sources));
  const jar = join(folder, JAR);
  if (await isThere(jar)) return jar;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(folder, 'build-'));
  try {
    await compile(sources, work);
    await rename(join(work, JAR), jar);
  } finally {
    await rm(work, { recursive: true });
  }
  return jar;
}

async function compile(sources: readonly string[], work: string): Promise<void> {
  const classes = join(work, 'classes');
  await exec('javac', [...OPTIONS, '-d', classes, ...sources], { timeoutMs: COMPILE_LIMIT_MS });
  const manifest = join(work, 'manifest');
  await writeFile(manifest, MANIFEST);
  const files = (await filesBelow(classes)).map((path) => relative(classes, path));
  // Not compressed, so that a start has nothing to unpack.
  const options = ['--create', '--no-compress', `--date=${DATE}`, '--manifest', manifest, '--file', join(work, JAR)];
  await exec('jar', [...options, ...files], { cwd: classes, timeoutMs: COMPILE_LIMIT_MS });
}

async function digestOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([OPTIONS, MANIFEST, DATE]));
  for (const path of sources) hash.update(relative(SOURCES, path)).update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}

async function sourcesBelow(folder: string): Promise<string[]> {
  return (await filesBelow(folder)).filter((path) => path.endsWith('.java'));
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
