import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { cached, cacheKey } from '../build/cache.ts';
import { type BuildContext, cacheFolder, type SourceResult } from '../build/context.ts';
import type { GoSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { goModules } from '../sbom/go-modules.ts';
import { cLibraries } from './c-libraries.ts';

const BUILD_TIMEOUT_MS = 45 * 60_000;

/** Builds Go programs in images/<component>, where go.mod and go.sum pin every module. @throws AMP_BUNDLE_PIN, AMP_BUNDLE_COMPONENT */
export async function buildGo(name: string, source: GoSource, context: BuildContext): Promise<SourceResult> {
  const directory = join(context.repository, 'images', name);
  await checkPin(name, source, directory);
  const libraries = source.static === undefined ? undefined : await cLibraries(name, source.static.libraries, context);
  const env = { ...goEnvironment(source, context), ...libraries?.env };
  const toolchain = await exec('go', ['env', 'GOVERSION'], { env });
  const key = cacheKey('go-4', source, context.architecture, toolchain, libraries?.key, await hashFolder(directory));
  const folder = await cached(cacheFolder(context, 'components'), name, key, async (target) => {
    context.progress(name, 'building');
    for (const goPackage of Object.values(source.programs)) {
      await exec('go', ['build', ...flags(source), '-o', join(target, programFile(goPackage)), goPackage], {
        cwd: directory,
        env,
        timeoutMs: BUILD_TIMEOUT_MS,
      });
    }
  });
  const entries = Object.entries(source.programs).map(([path, goPackage]) => ({
    path,
    mode: 0o755,
    file: join(folder, programFile(goPackage)),
  }));
  const modules = await Promise.all(entries.map(({ file }) => goModules(file, { moduleCache: moduleCache(context), usedBy: name })));
  return { entries, key, origins: [...modules.flat(), ...(libraries?.origins ?? [])] };
}

/** Where downloaded Go modules lie; licences are read from it. */
function moduleCache(context: BuildContext): string {
  return join(cacheFolder(context, 'go'), 'mod');
}

function goEnvironment(source: GoSource, context: BuildContext): Record<string, string> {
  return {
    GOOS: 'linux',
    GOARCH: context.architecture,
    CGO_ENABLED: source.static === undefined ? '0' : '1',
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-modcacherw -mod=readonly -buildvcs=false',
    GOCACHE: join(cacheFolder(context, 'go'), 'build'),
    GOMODCACHE: moduleCache(context),
  };
}

function flags({ variables, static: linked }: GoSource): string[] {
  const linker = ['-s', '-w', ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)];
  if (linked === undefined) return ['-trimpath', '-ldflags', linker.join(' ')];
  return ['-trimpath', '-tags', linked.tags.join(' '), '-ldflags', [...linker, '-extldflags', '-static'].join(' ')];
}

function programFile(goPackage: string): string {
  return goPackage === '.' ? 'program' : goPackage.replaceAll('/', '_');
}

async function checkPin(name: string, { module, version }: GoSource, directory: string): Promise<void> {
  if (module === undefined || version === undefined) return;
  const goMod = await readFile(join(directory, 'go.mod'), 'utf8');
  const requirements = goMod.split('\n').map((line) =>
    line
      .trim()
      .replace(/^require\s+/, '')
      .split(/\s+/),
  );
  if (requirements.some(([path, required]) => path === module && required === version)) return;
  throw bundleError('AMP_BUNDLE_PIN', {
    what: `${name} is to be ${module} ${version}, but images/${name}/go.mod requires another version`,
    fix: `Run "go get ${module}@${version}" in images/${name}, or correct bundle.yaml.`,
  });
}

async function hashFolder(directory: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(directory, { recursive: true })).sort()) {
    if (/^go\.(mod|sum)$|\.go$/.test(file)) hash.update(file).update(await readFile(join(directory, file)));
  }
  return hash.digest('hex');
}
