import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { joinLicences, licenceOfText } from './licences.ts';
import { purlOf } from './purl.ts';
import type { SbomComponent } from './types.ts';

export interface GoModule {
  path: string;
  version: string;
  /** `h1:…`, the digest of go.sum; the main module has none. */
  sum?: string;
}

export interface GoModulesOptions {
  /** GOMODCACHE; licences are read from the modules in it. */
  moduleCache: string;
  /** The bundle's component that the program belongs to. */
  usedBy: string;
}

const LICENCE_FILE = /^(licen[cs]e|copying|unlicense|copyright)([-._].*)?$/i;
const NOT_A_LICENCE = /\.(go|ya?ml|json|tmpl|tpl|py|sh)$/i;

/** The modules that a Go program was linked from, as it says itself, with Go's standard library among them. @throws AMP_COMMAND_FAILED */
export async function goModules(binaryPath: string, { moduleCache, usedBy }: GoModulesOptions): Promise<SbomComponent[]> {
  const { go, modules } = parseGoVersion(await exec('go', ['version', '-m', binaryPath]));
  const components = await Promise.all(
    modules.map(async ({ path, version, sum }): Promise<SbomComponent> => {
      const licence = await licenceOfModule(moduleCache, { path, version });
      return {
        type: 'golang',
        name: path,
        version,
        licence,
        purl: purlOf('golang', path, version),
        usedBy: [usedBy],
        ...(sum === undefined ? {} : { integrity: sum }),
      };
    }),
  );
  if (go === undefined) return components;
  const standardLibrary: SbomComponent = {
    type: 'golang',
    name: 'stdlib',
    version: go,
    licence: 'BSD-3-Clause',
    purl: purlOf('golang', 'stdlib', go),
    usedBy: [usedBy],
  };
  return [standardLibrary, ...components];
}

/** Reads what `go version -m` prints. A replaced module counts as what replaced it; modules without a version are our own mains and are left out. */
export function parseGoVersion(output: string): { go: string | undefined; modules: GoModule[] } {
  const [head = '', ...lines] = output.split('\n');
  const modules: GoModule[] = [];
  for (const line of lines) {
    const [kind, path, version = '', sum = ''] = line.trim().split('\t');
    if (path === undefined) continue;
    if (kind === 'mod' || kind === 'dep') modules.push({ path, version, ...(sum === '' ? {} : { sum }) });
    if (kind === '=>') modules.splice(-1, 1, { path, version, ...(sum === '' ? {} : { sum }) });
  }
  return { go: /: (go\S+)/.exec(head)?.[1]?.slice(2), modules: modules.filter(({ version }) => version !== '' && version !== '(devel)') };
}

/** Path of a module in GOMODCACHE, where upper-case letters are written `!x`: https://go.dev/ref/mod#module-cache */
export function moduleFolder(path: string, version: string): string {
  return `${escapeModule(path)}@${escapeModule(version)}`;
}

function escapeModule(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);
}

/** The licence that the files of a module in GOMODCACHE tell; `NOASSERTION` when it is not there or has none. */
export async function licenceOfModule(moduleCache: string, { path, version }: GoModule): Promise<string> {
  const folder = join(moduleCache, moduleFolder(path, version));
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => LICENCE_FILE.test(name) && !NOT_A_LICENCE.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')));
  return joinLicences(texts.flatMap((text) => licenceOfText(text).split(' AND ')));
}
