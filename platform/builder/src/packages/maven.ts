import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { builderError } from '../errors.ts';

/** Names of Maven, which are parts of paths: https://maven.apache.org/pom.html#Maven_Coordinates */
const NAME = /^[\w-][\w.-]*$/;
const namesSchema = z.strictObject({ group: z.string().regex(NAME), name: z.string().regex(NAME), version: z.string().regex(NAME) });

/**
 * maven/index.json of the packages that the bundle brought, by `group:name`. They were resolved together, so there is one version of each.
 * The jars lie beside it, as in any repository of Maven.
 */
const indexSchema = z.record(
  z.string(),
  z.object({
    version: z.string(),
    /** What it needs to run, by `group:name`. */
    needs: z.array(z.string()).default([]),
  }),
);
type Index = z.output<typeof indexSchema>;

/**
 * The jars of `spec.build.dependencies` and all that they need, as files on disk by their names.
 * @throws AMP_BUILD_PACKAGE, AMP_INPUT_INVALID
 */
export async function jarsOf(dependencies: readonly string[], packagesFolder: string | undefined): Promise<Map<string, string>> {
  if (dependencies.length === 0) return new Map();
  const wanted = dependencies.map(coordinatesOf);
  const folder = join(packagesFolder ?? '', 'maven');
  const index = packagesFolder === undefined ? {} : await indexIn(folder);
  const missing = wanted.filter(({ key, version }) => index[key]?.version !== version);
  if (missing.length > 0) throw lacking(missing, index);
  // What is added while it is gone through is gone through as well.
  const keys = new Set(wanted.map(({ key }) => key));
  for (const key of keys) for (const needed of index[key]?.needs ?? []) keys.add(needed);
  return new Map([...keys].sort().map((key) => fileOf(key, index, folder)));
}

async function indexIn(folder: string): Promise<Index> {
  const file = join(folder, 'index.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return parseJson(indexSchema, text, file);
}

/** As Nuclio takes them, `group: G, name: N, version: V`, or as everybody else writes them, `G:N:V`. */
function coordinatesOf(text: string): { key: string; version: string } {
  const parts = text.split(',').map((part) => part.split(':').map((word) => word.trim().replace(/^(["'])(.*)\1$/, '$2')));
  const [[group, name, version, ...more] = []] = parts;
  const given = parts.length === 1 && more.length === 0 ? { group, name, version } : Object.fromEntries(parts);
  const found = parse(namesSchema, given, `spec.build.dependencies: ${text}`);
  return { key: `${found.group}:${found.name}`, version: found.version };
}

/** Two groups can have a jar of the same name. */
function fileOf(key: string, index: Index, folder: string): [name: string, file: string] {
  const [group = '', name = ''] = key.split(':');
  const { version } = index[key] ?? {};
  if (version === undefined) throw new Error(`${folder} lacks ${key}, which others in it need`);
  const file = `${name}-${version}.jar`;
  return [`${group}.${file}`, join(folder, ...group.split('.'), name, version, file)];
}

function lacking(missing: readonly { key: string; version: string }[], index: Index): Error {
  const held = missing.flatMap(({ key }) => (index[key] === undefined ? [] : [`${key}:${index[key].version}`]));
  return builderError('AMP_BUILD_PACKAGE', {
    what: `The bundle holds no ${missing.map(({ key, version }) => `${key}:${version}`).join(', ')}`,
    ...(held.length === 0 ? {} : { why: `it holds ${held.join(', ')}` }),
    fix: 'Ask for a version that it holds, bring the jar along in the folder lib beside the code, or add it to bundle/packages where bundles are made and carry a new bundle over.',
  });
}
