import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { purlOf } from './purl.ts';
import { NO_ASSERTION, type SbomComponent } from './types.ts';

export interface NpmPackagesOptions {
  usedBy: string;
  /** Only these packages and everything that they depend on; all when absent. */
  names?: readonly string[];
  /** Packages that only development needs; left out by default. */
  includeDev?: boolean;
}

const lockedPackage = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().default(false),
  link: z.boolean().default(false),
  dependencies: z.record(z.string(), z.string()).default({}),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
  peerDependencies: z.record(z.string(), z.string()).default({}),
});

/** https://docs.npmjs.com/cli/configuring-npm/package-lock-json */
const lockfileSchema = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), lockedPackage) });

type Locked = z.output<typeof lockedPackage>;

/** The packages of a package-lock.json; a version that lies in several folders counts once. @throws AMP_INPUT_INVALID */
export function npmPackages(lockfile: string, { usedBy, names, includeDev = false }: NpmPackagesOptions): SbomComponent[] {
  const { packages } = parseJson(lockfileSchema, lockfile, 'package-lock.json');
  const wanted = names === undefined ? Object.keys(packages) : [...reachable(packages, names)];
  const components = new Map<string, SbomComponent>();
  for (const folder of wanted.sort()) {
    const locked = packages[folder];
    if (locked?.version === undefined || locked.link || !folder.includes('node_modules/') || (locked.dev && !includeDev)) continue;
    const name = locked.name ?? nameOf(folder);
    components.set(`${name}@${locked.version}`, {
      type: 'npm',
      name,
      version: locked.version,
      licence: locked.license ?? NO_ASSERTION,
      purl: purlOf('npm', name, locked.version),
      usedBy: [usedBy],
      ...(locked.integrity === undefined ? {} : { integrity: locked.integrity }),
    });
  }
  return [...components.values()];
}

/** Folders of the packages and of what they depend on, found the way Node.js looks for them: from the inside to the outside. */
function reachable(packages: Record<string, Locked>, names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const open = names.map((name) => `node_modules/${name}`);
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const locked = packages[folder];
    if (locked === undefined || seen.has(folder)) continue;
    seen.add(folder);
    for (const name of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies, ...locked.peerDependencies })) {
      const found = lookUp(packages, folder, name);
      if (found !== undefined) open.push(found);
    }
  }
  return seen;
}

function lookUp(packages: Record<string, Locked>, from: string, name: string): string | undefined {
  for (let folder = from; ; ) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (candidate in packages) return candidate;
    if (folder === '') return undefined;
    const parent = folder.lastIndexOf('node_modules/');
    folder = parent <= 0 ? '' : folder.slice(0, parent - 1);
  }
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
