import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseJson } from '@ampoule/lib/parse';
import { parseYaml } from '@ampoule/lib/yaml';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const repository = resolve(import.meta.dirname, '../..');
const IGNORED: ReadonlySet<string> = new Set(['.git', '.cache', 'node_modules', 'dist']);

/** Files of the repository by their paths in it. There may be no git on the machine, so what it ignores is left out here. */
let files: string[];

beforeAll(async () => {
  files = await filesBelow(repository);
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !IGNORED.has(name));
  const found = entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [relative(repository, path)] : [];
  });
  return (await Promise.all(found)).flat().sort();
}

function read(file: string): Promise<string> {
  return readFile(join(repository, file), 'utf8');
}

/** The part of a document below a heading, up to the next heading of the same or a higher level. */
function section(text: string, heading: string): string {
  const level = heading.indexOf(' ');
  const start = text.indexOf(`\n${heading}\n`);
  if (start < 0) return '';
  const rest = text.slice(start + heading.length + 2);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** The rows of the tables in a text that begin with one name in code style, in their order. */
function namedRows(text: string): { name: string; rest: string }[] {
  return [...text.matchAll(/^\| `([^`]+)` *\|(.*)\|$/gm)].map(([, name = '', rest = '']) => ({ name, rest: rest.trim() }));
}

function names(text: string): string[] {
  return namedRows(text).map(({ name }) => name);
}

describe('docs/errors.md', () => {
  const codesSchema = z.record(z.string().regex(/^AMP_[A-Z_]+$/), z.string().endsWith('.'));

  async function codesInSources(): Promise<Map<string, Record<string, string>>> {
    const lists = new Map<string, Record<string, string>>();
    for (const file of files.filter((name) => /\/src\/.*\.ts$/.test(name) && !name.endsWith('.test.ts'))) {
      for (const [, name = ''] of (await read(file)).matchAll(/^export const (\w+ErrorCodes)\b/gm)) {
        const module: Record<string, unknown> = await import(pathToFileURL(join(repository, file)).href);
        lists.set(file, codesSchema.parse(module[name]));
      }
    }
    return lists;
  }

  it('has every code of every list under the name of its file, with the same sentence, and no other code', async () => {
    const text = await read('docs/errors.md');
    const documented = text
      .split(/^## /m)
      .flatMap((part) => {
        const file = /^From `([^`]+)`\.$/m.exec(part)?.[1] ?? '';
        return namedRows(part).map(({ name, rest }) => `${file}: ${name}: ${rest}`);
      })
      .sort();

    const lists = await codesInSources();
    const real = [...lists].flatMap(([file, codes]) => Object.entries(codes).map(([code, meaning]) => `${file}: ${code}: ${meaning}`));

    expect(lists.size).toBeGreaterThan(0);
    expect(documented).toEqual(real.sort());
  });

  it('belong to one list each', async () => {
    const codes = [...(await codesInSources()).values()].flatMap((list) => Object.keys(list));

    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
  });

  it('explains the code of a defect', async () => {
    expect(section(await read('docs/errors.md'), '## AMP_DEFECT')).toMatch(/defect/);
  });

  it('leaves no code that the sources use without a list', async () => {
    const listed = new Set([...(await codesInSources()).values()].flatMap((codes) => Object.keys(codes)));
    const used: string[] = [];
    for (const file of files.filter((name) => /\/src\/.*\.ts$/.test(name) && !name.endsWith('.test.ts'))) {
      for (const [, code = ''] of (await read(file)).matchAll(/Error\(\s*'(AMP_[A-Z_]+)'/g))
        if (!listed.has(code)) used.push(`${file}: ${code}`);
    }

    expect(used).toEqual([]);
  });
});

describe('the dependencies in CONTRIBUTING.md', () => {
  const packageSchema = z.looseObject({
    name: z.string(),
    dependencies: z.record(z.string(), z.string()).default({}),
    devDependencies: z.record(z.string(), z.string()).default({}),
  });

  it('are those of all package.json files', async () => {
    const wanted = new Set<string>();
    // What functions may ask for is no dependency of the project.
    for (const file of files.filter((name) => /(^|\/)package\.json$/.test(name) && !name.startsWith('bundle/packages/'))) {
      const { dependencies, devDependencies } = parseJson(packageSchema, await read(file), file);
      for (const name of Object.keys({ ...dependencies, ...devDependencies })) if (!name.startsWith('@ampoule/')) wanted.add(name);
    }

    expect(names(section(await read('CONTRIBUTING.md'), '### npm packages'))).toEqual([...wanted].sort());
  });

  it('are the third-party components of bundle.yaml', async () => {
    const schema = z.object({
      components: z.record(z.string(), z.object({ source: z.looseObject({ kind: z.string(), module: z.string().optional() }) })),
    });
    // Placeholders stand for names of the architecture, which do not matter here.
    const text = (await read('bundle/bundle.yaml')).replaceAll(/\$\{\w+\}/g, 'any');
    const { components } = parseYaml(schema, text, 'bundle/bundle.yaml');
    const isForeign = ({ kind, module }: { kind: string; module?: string | undefined }) =>
      ['debian', 'npm', 'npm-mirror', 'pypi-mirror', 'maven-mirror', 'java', 'url'].includes(kind) ||
      (kind === 'go' && module !== undefined);
    const wanted = Object.keys(components).filter((name) => isForeign(components[name]?.source ?? { kind: '' }));

    expect(names(section(await read('CONTRIBUTING.md'), '### Programs in the bundle'))).toEqual(wanted.sort());
  });

  it('are the Debian packages that the set-up installs', async () => {
    const list = /^const DEBIAN_PACKAGES = \{\n(.*?)^\};$/ms.exec(await read('airgap-tests/setup.mjs'))?.[1] ?? '';
    const wanted = [...list.matchAll(/^ {2}'?([\w.+-]+)'?:/gm)].map(([, name = '']) => name);

    expect(wanted.length).toBeGreaterThan(0);
    expect(names(section(await read('CONTRIBUTING.md'), '### Debian packages of the machine that builds and tests'))).toEqual(
      wanted.sort(),
    );
  });

  it('each have a reason', async () => {
    const rows = namedRows(section(await read('CONTRIBUTING.md'), '## Dependencies'));

    expect(rows.filter(({ rest }) => rest.length < 10)).toEqual([]);
  });
});

describe('docs/commands.md', () => {
  /** What `--help` has to show: by the command's name, its flags with their values. */
  const real = new Map<string, string[]>();

  beforeAll(async () => {
    for (const file of ['installer/src/program.ts', 'bundle/src/program.ts', 'platform/cli/src/program.ts']) {
      const module: Record<string, unknown> = await import(pathToFileURL(join(repository, file)).href);
      readHelp(module.program as Command, []);
    }
  });

  function readHelp(command: Command, parents: string[]): void {
    const names = [...parents, command.name()];
    const help = command.createHelp();
    const flags = help.visibleOptions(command).flatMap(({ flags: text }) => (text === '-h, --help' ? [] : [text]));
    real.set(names.join(' '), [...new Set([...(real.get(names.join(' ')) ?? []), ...flags])]);
    for (const sub of help.visibleCommands(command)) if (sub.name() !== 'help') readHelp(sub, names);
  }

  it('has a heading for each command, and none for a command that is not there', async () => {
    const documented = [...(await read('docs/commands.md')).matchAll(/^###? (ampoule.*)$/gm)].map(([, name = '']) => name);

    expect(documented.sort()).toEqual([...real.keys()].sort());
  });

  it('names below each command exactly its flags, and what each does', async () => {
    const text = await read('docs/commands.md');
    for (const [name, flags] of real) {
      const own = section(text, `${name === 'ampoule' ? '##' : '###'} ${name}`).split(/^### /m)[0] ?? '';
      const rows = namedRows(own);

      expect({ name, flags: rows.map((row) => row.name).sort() }).toEqual({ name, flags: [...flags].sort() });
      expect(rows.filter(({ rest }) => rest === '')).toEqual([]);
    }
  });

  it('gives an example of every command that does something by itself', async () => {
    const text = await read('docs/commands.md');
    const groups = [...real.keys()].filter((name) => [...real.keys()].some((other) => other.startsWith(`${name} `)));
    const lacking = [...real.keys()].filter((name) => !groups.includes(name) && !section(text, `### ${name}`).includes('```sh'));

    expect(lacking).toEqual([]);
  });
});

describe('README.md', () => {
  it('has every answer of the installer with its default', async () => {
    const module: Record<string, unknown> = await import(pathToFileURL(join(repository, 'installer/src/config.ts')).href);
    const schema = module.installConfigSchema as z.ZodObject;
    const defaults = schema.parse({}) as Record<string, unknown>;
    const rows = namedRows(section(await read('README.md'), '### 5. Install'));

    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(schema.shape).sort());
    for (const { name, rest } of rows) if (defaults[name] !== undefined) expect(rest).toContain(`\`${String(defaults[name])}\``);
  });

  it('names every port that has to be free', async () => {
    const module: Record<string, unknown> = await import(pathToFileURL(join(repository, 'installer/src/paths.ts')).href);
    const ports = Object.values(module.ports as Record<string, number>);
    const text = section(await read('README.md'), '### 4. Preflight');

    expect(ports.filter((port) => !new RegExp(`\\b${port}\\b`).test(text))).toEqual([]);
  });

  it.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/commands.md', 'docs/errors.md'])(
    '%s links to files that are there',
    async (document) => {
      const links = [...(await read(document)).matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => join(document, '..', target));

      expect(links.filter((target) => !files.includes(target))).toEqual([]);
    },
  );
});

describe('the folders', () => {
  const workspaceSchema = z.looseObject({ name: z.string(), dependencies: z.record(z.string(), z.string()).default({}) });

  const isOurs = (name: string) => name.startsWith('@ampoule/');

  /** The packages of ours that a folder's sources import. */
  async function importsOf(folder: string): Promise<string[]> {
    const sources = files.filter((file) => file.startsWith(`${folder}/`) && file.endsWith('.ts'));
    const texts = await Promise.all(sources.map(read));
    const imports = texts.flatMap((text) => [...text.matchAll(/(?:from|import\()\s*'(@ampoule\/[^/']+)/g)].map(([, name = '']) => name));
    return [...new Set(imports)];
  }

  it('import of ours what ARCHITECTURE.md and their package.json allow', async () => {
    const rows = namedRows(section(await read('ARCHITECTURE.md'), '## Who may import whom'));
    const allowed = new Map(rows.map(({ name, rest }) => [name, [...rest.matchAll(/`([^`]+)`/g)].map(([, other = '']) => other).sort()]));
    const workspaces = files.filter((file) => /^[^/]+(\/[^/]+)?\/package\.json$/.test(file));
    for (const file of workspaces) {
      const { name, dependencies } = parseJson(workspaceSchema, await read(file), file);
      const own = Object.keys(dependencies).filter(isOurs).sort();
      const imported = (await importsOf(file.replace('/package.json', ''))).filter((other) => other !== name);

      expect({ name, own }).toEqual({ name, own: allowed.get(name) });
      expect({ name, imported: imported.filter((other) => !own.includes(other)) }).toEqual({ name, imported: [] });
    }

    expect(allowed.size).toBe(workspaces.length);
  });

  it.each([
    ['ARCHITECTURE.md', ''],
    ['images/README.md', 'images/'],
    ['manifests/README.md', 'manifests/'],
    ['platform/README.md', 'platform/'],
  ])('beside or below %s are all described in its first table, and no others', async (document, parent) => {
    const table = /^\|(?:.*\n\|)*.*$/m.exec(await read(document))?.[0] ?? '';
    const rows = [...table.matchAll(/^\| ((?:`[\w-]+`(?:, )?)+) *\|/gm)].map(([, first = '']) => first);
    const described = rows.flatMap((first) => [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
    const inside = files.filter((file) => file.startsWith(parent)).map((file) => file.slice(parent.length));
    const folders = new Set(inside.flatMap((file) => (file.includes('/') ? [file.split('/')[0] ?? ''] : [])));

    expect(described.sort()).toEqual([...folders].filter((name) => !name.startsWith('.')).sort());
  });

  it('of manifests and of the platform each have a README', async () => {
    const folders = new Set(files.flatMap((file) => /^(?:manifests|platform)\/[^/]+(?=\/)/.exec(file) ?? []));

    expect([...folders].filter((folder) => !files.includes(`${folder}/README.md`))).toEqual([]);
  });

  it('of images with a Go program of our own say in its first line what it is, and stand in images/README.md', async () => {
    const mains = files.filter((file) => /^images\/[^/]+\/main\.go$/.test(file));
    const line = /^Programs with a main of our own: (.*?)\./m.exec(await read('images/README.md'))?.[1] ?? '';
    const listed = [...line.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

    expect(listed.sort()).toEqual(mains.map((file) => file.split('/')[1] ?? '').sort());
    for (const file of mains) expect(await read(file)).toMatch(new RegExp(`^// Command ${file.split('/')[1]} `));
  });
});

describe('the files of the repository', () => {
  // In pieces, since this file is looked at as well.
  const hosts = ['proxy.golang', 'sum.golang', 'registry.npmjs', 'deb.debian', 'security.debian', 'pypi', 'files.pythonhosted'].map(
    (name) => `${name}.org`,
  );

  it('name no registry that packages come from: that is the business of each machine', async () => {
    const found: string[] = [];
    for (const file of files) {
      const text = await read(file);
      for (const host of hosts) if (text.includes(host)) found.push(`${file}: ${host}`);
    }

    expect(found).toEqual([]);
  });

  it('pin npm packages by digest and not by address', async () => {
    const schema = z.object({
      packages: z.record(z.string(), z.looseObject({ resolved: z.string().optional(), link: z.boolean().optional() })),
    });
    const { packages } = parseJson(schema, await read('package-lock.json'), 'package-lock.json');
    const foreign = Object.entries(packages).filter(([path, { link }]) => path.startsWith('node_modules/') && link !== true);

    expect(foreign.filter(([, entry]) => entry.resolved !== undefined || entry.integrity === undefined).map(([path]) => path)).toEqual([]);
  });
});
