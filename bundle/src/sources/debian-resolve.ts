import type { BuildContext } from '../build/context.ts';
import type { DebianSource } from '../definition.ts';
import { bundleError } from '../errors.ts';
import { apt, updateApt } from './apt.ts';
import type { LockedPackage } from './debian-lock.ts';

/** The packages that a lock of this source names, resolved by apt from the archive's signed index. @throws AMP_BUNDLE_COMPONENT */
export async function resolveDebian(
  source: Pick<DebianSource, 'packages' | 'closure'>,
  without: readonly string[],
  context: BuildContext,
): Promise<LockedPackage[]> {
  await updateApt(context);
  const names = source.closure ? await closureOf(source.packages, context) : source.packages;
  const wanted = names.filter((name) => !without.includes(name)).sort();
  return Promise.all(wanted.map((name) => describe(name, context)));
}

async function closureOf(packages: readonly string[], context: BuildContext): Promise<string[]> {
  const output = await ask('apt-get', ['install', '--simulate', ...packages], context);
  return [...output.matchAll(/^Inst (\S+) /gm)].map(([, name = '']) => name);
}

async function describe(name: string, context: BuildContext): Promise<LockedPackage> {
  const text = await ask('apt-cache', ['show', '--no-all-versions', name], context);
  const field = (label: string) => new RegExp(`^${label}: (.+)$`, 'm').exec(text)?.[1] ?? '';
  return { package: name, version: field('Version'), architecture: field('Architecture'), sha256: field('SHA256') };
}

async function ask(program: 'apt-get' | 'apt-cache', args: readonly string[], context: BuildContext): Promise<string> {
  const { code, stdout, stderr } = await apt(program, args, context);
  if (code === 0) return stdout;
  throw bundleError('AMP_BUNDLE_COMPONENT', {
    what: `The Debian archive has no ${args.at(-1)} for ${context.architecture}`,
    why: stderr.trim(),
    fix: 'Correct the package names in bundle/bundle.yaml.',
  });
}
