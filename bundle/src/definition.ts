import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import { fillTemplate } from '@ampoule/lib/template';
import { parseYaml } from '@ampoule/lib/yaml';
import * as z from 'zod';
import { type Architecture, platformNames } from './build/context.ts';

const path = z.string().regex(/^[^/].*[^/]$|^[^/]$/, 'must be a path without a slash at its ends');
const folder = z.string().regex(/^[^/].*\/$/, 'must be a folder that ends with a slash');

const goSource = z.strictObject({
  kind: z.literal('go'),
  /** Module and version that images/<component>/go.mod must require; absent for a program that is all ours. */
  module: z.string().optional(),
  version: z.string().optional(),
  /** Path in the layer to Go package. */
  programs: z.record(path, z.string()),
  /** String variables set at link time. */
  variables: z.record(z.string(), z.string()).default({}),
  /** A program that needs C, linked statically with libraries of these Debian packages; absent for pure Go. */
  static: z.strictObject({ tags: z.array(z.string()), libraries: z.array(z.string()) }).optional(),
});

const debianSource = z.strictObject({
  kind: z.literal('debian'),
  packages: z.array(z.string()).min(1),
  /** Whether everything that the packages depend on comes with them. */
  closure: z.boolean(),
  /** Components whose packages are left out of the closure. */
  without: z.array(z.string()).default([]),
  /** Prefixes of the paths that go into the layer. */
  keep: z.array(z.string()).min(1),
  drop: z.array(z.string()).default([]),
  /** Files made by joining all files of a folder. */
  join: z.record(path, folder).default({}),
});

const npmSource = z.strictObject({
  kind: z.literal('npm'),
  package: z.string(),
  /** The lockfile that pins it. */
  lock: path.default('package-lock.json'),
  /** Path in the layer to file of the package. */
  files: z.record(path, path).default({}),
  /** Where the whole package goes, where it does. */
  folder: path.optional(),
});
/** Packages for builds in the sealed site, as a registry serves them. */
const npmMirrorSource = z.strictObject({ kind: z.literal('npm-mirror'), lock: path, folder: path });
const pypiMirrorSource = z.strictObject({ kind: z.literal('pypi-mirror'), lock: path, folder: path });
const mavenMirrorSource = z.strictObject({ kind: z.literal('maven-mirror'), lock: path, folder: path });
const typescriptSource = z.strictObject({
  kind: z.literal('typescript'),
  entries: z.record(path, path),
  /** By entry, the module with all that a program loads at each start; it comes to lie in one file. */
  starts: z.record(path, path).default({}),
  /** Files that packages read from beside their code, from where the joined code looks for them. */
  assets: z.record(path, path).default({}),
});
/** A Java machine with these modules alone. */
const javaSource = z.strictObject({
  kind: z.literal('java'),
  /** The Debian package that has the modules, and the folder in it. */
  package: z.string(),
  modulesIn: path,
  modules: z.array(z.string()).min(1),
  locales: z.array(z.string()).default([]),
  /** Where the machine lies in the layer. */
  folder: path,
});
/** A program in Java of ours. */
const jarSource = z.strictObject({
  kind: z.literal('jar'),
  /** Folder of the sources. */
  sources: path,
  main: z.string(),
  /** Packages of the standard library whose inside the program uses, as MODULE/PACKAGE. */
  opens: z.array(z.string()).default([]),
  path,
});
const urlSource = z.strictObject({ kind: z.literal('url'), url: z.url(), sha256: z.string().regex(/^[0-9a-f]{64}$/), path });
const fileSource = z.strictObject({ kind: z.literal('files') });

const componentSchema = z.strictObject({
  source: z.discriminatedUnion('kind', [
    goSource,
    debianSource,
    npmSource,
    npmMirrorSource,
    pypiMirrorSource,
    mavenMirrorSource,
    typescriptSource,
    javaSource,
    jarSource,
    urlSource,
    fileSource,
  ]),
  /** Folder of the repository that is laid over the source's files. */
  tree: path.optional(),
  /** Where in the layer the tree lies; its root when absent. */
  treeIn: path.optional(),
  /** The component with the Python that the Python files are compiled for; absent where none are to be. */
  bytecode: z.string().optional(),
  /** gzip only for what a bare host must unpack with its own tools. */
  compression: z.enum(['zstd', 'gzip']).default('zstd'),
  linksIn: path.optional(),
  /** Symbolic links in `linksIn`: name to target. */
  links: z.record(z.string(), z.string()).default({}),
});

const definitionSchema = z.strictObject({ name: z.string(), components: z.record(z.string(), componentSchema) });

const imageSchema = z.strictObject({
  /** The name under which manifests ask for it, with its tag. */
  image: z.string().regex(/^[a-z0-9.-]+\.[a-z]+\/[a-z0-9._/-]+:[\w.-]+$/, 'must be host/repository:tag'),
  layers: z.array(z.string()).min(1),
  entrypoint: z.array(z.string()).min(1),
  cmd: z.array(z.string()).optional(),
  user: z.string().optional(),
  workdir: z.string().optional(),
});

export type GoSource = z.output<typeof goSource>;
export type DebianSource = z.output<typeof debianSource>;
export type NpmSource = z.output<typeof npmSource>;
export type PypiMirrorSource = z.output<typeof pypiMirrorSource>;
export type MavenMirrorSource = z.output<typeof mavenMirrorSource>;
export type NpmMirrorSource = z.output<typeof npmMirrorSource>;
export type TypescriptSource = z.output<typeof typescriptSource>;
export type JavaSource = z.output<typeof javaSource>;
export type JarSource = z.output<typeof jarSource>;
export type UrlSource = z.output<typeof urlSource>;
export type Component = z.output<typeof componentSchema>;
export type ImageDefinition = z.output<typeof imageSchema>;

const BUNDLE = 'bundle/bundle.yaml';

/** What bundle.yaml and images/ say that an appliance holds. */
export interface Definition {
  name: string;
  version: string;
  components: Map<string, Component>;
  images: ImageDefinition[];
}

/** Reads and checks bundle/bundle.yaml and every images/<name>/image.yaml. @throws AMP_INPUT_INVALID */
export async function loadDefinition(repository: string, architecture: Architecture): Promise<Definition> {
  const version = await readVersion(repository);
  const text = fillTemplate(await readFile(join(repository, BUNDLE), 'utf8'), { ...platformNames[architecture] }, BUNDLE);
  const { name, components } = parseYaml(definitionSchema, text, BUNDLE);
  const images: ImageDefinition[] = [];
  for (const folderName of (await readdir(join(repository, 'images'))).sort()) {
    const source = `images/${folderName}/image.yaml`;
    const text = await readIfThere(join(repository, source));
    if (text === undefined) continue;
    images.push(parseYaml(imageOf(components), fillTemplate(text, { version }, source), source));
  }
  return { name, version, components: new Map(Object.entries(components)), images };
}

/** An image whose layers are components. */
function imageOf(components: Readonly<Record<string, Component>>) {
  const layer = z.string().refine((name) => Object.hasOwn(components, name), {
    error: ({ input }) => `${input} is no component of bundle.yaml`,
  });
  return imageSchema.extend({ layers: z.array(layer).min(1) });
}

async function readIfThere(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  });
}

async function readVersion(repository: string): Promise<string> {
  const schema = z.object({ version: z.string() });
  return parseYaml(schema, await readFile(join(repository, 'package.json'), 'utf8'), 'package.json').version;
}
