import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { paths } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import { runtimeNameOf } from '@ampoule/platform-api/handler';
import { builderError } from '../errors.ts';

const FOLDER = paths.handlers.slice(1);
/** Nuclio's words for where in a Dockerfile the commands after them go. */
const MARK = /^@nuclio\./;

/** The commands that a build runs over the code of a function, each with its arguments; none where the code is all that it needs. @throws AMP_BUILD_COMMAND */
export function commandsOf({ spec }: Pick<NuclioFunction, 'spec'>, files: readonly LayerEntry[]): string[][] {
  const own = (spec.build?.commands ?? []).filter((command) => !MARK.test(command)).map((command) => ['sh', '-c', command]);
  const runtime = runtimeNameOf(spec.runtime);
  if (runtime === 'nodejs') return [...npmCommands(files), ...own];
  if (runtime === 'python') return [...pipCommands(files), ...own];
  if (own.length === 0) return [];
  throw builderError('AMP_BUILD_COMMAND', {
    what: `spec.build.commands cannot be run for runtime ${runtime}`,
    why: 'only builds of nodejs and python run commands',
    fix: 'Put what they would make beside the code, in an archive or a folder, or give an image in spec.image.',
  });
}

/** Packages that the code brings along are not installed a second time. */
function npmCommands(files: readonly LayerEntry[]): string[][] {
  const has = (path: string) => files.some((file) => file.path === `${FOLDER}/${path}` || file.path.startsWith(`${FOLDER}/${path}/`));
  const file = files.find(({ path }) => path === `${FOLDER}/package.json`);
  if (file === undefined || !('content' in file) || has('node_modules') || !needsPackages(file.content.toString())) return [];
  return [['npm', has('package-lock.json') || has('npm-shrinkwrap.json') ? 'ci' : 'install', '--omit=dev']];
}

/** Packages go beside the code, where Python looks first; those that came along have left their marks there. */
function pipCommands(files: readonly LayerEntry[]): string[][] {
  const requirements = files.find(({ path }) => path === `${FOLDER}/requirements.txt`);
  if (requirements === undefined || !('content' in requirements) || files.some(({ path }) => path.includes('.dist-info/'))) return [];
  if (!/^\s*[^#\s]/m.test(requirements.content.toString())) return [];
  return [['pip', 'install', '--target', '.', '--requirement', 'requirements.txt']];
}

/** One that cannot be read is left to npm, which says what is wrong with it. */
function needsPackages(text: string): boolean {
  try {
    const { dependencies, optionalDependencies } = Object(JSON.parse(text));
    return Object.keys({ ...dependencies, ...optionalDependencies }).length > 0;
  } catch {
    return true;
  }
}
