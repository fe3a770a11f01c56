import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { parseYaml } from '@ampoule/lib/yaml';
import { MAX_SOURCE_FILES } from '@ampoule/platform-api/source-archive';
import * as z from 'zod';
import { cliError } from '../errors.ts';
import { entryFileOf, handlerOf, runtimeOfFile } from './entry.ts';
import { inlineConfigOf } from './inline-config.ts';

/** A function that is still being put together. */
export const draftSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string().optional(), labels: z.record(z.string(), z.string()).nullish() }).default({}),
  spec: z
    .looseObject({
      runtime: z.string().optional(),
      handler: z.string().optional(),
      image: z.string().optional(),
      build: z.looseObject({}).nullish(),
    })
    .default({}),
});
export type Draft = z.output<typeof draftSchema>;

/** What is found at the path of a function. */
export interface Source {
  folder: string;
  /** Files beside the configuration, by their paths in the folder. */
  files: string[];
  /** The file in which it begins, where one can be told. */
  entry: string | undefined;
  /** The configuration, with what the files tell filled in. */
  draft: Draft;
}

const CONFIGS: readonly string[] = ['function.yaml', 'function.yml'];
/** Text for people, and what tools keep. */
const NOT_SOURCE = /^(\.|README(\.|$)|LICENSE(\.|$)|__pycache__$)/i;
const PACKAGES = 'node_modules';

/**
 * Reads a function: a file of source code, or a folder with such files and, if need be, a function.yaml.
 * @throws AMP_CLI_SOURCE, AMP_INPUT_INVALID
 */
export async function readSource(path: string, configFile?: string): Promise<Source> {
  const info = await stat(path).catch((cause: unknown) => {
    throw cliError('AMP_CLI_SOURCE', {
      what: `${path} cannot be read`,
      why: messageOf(cause),
      fix: 'Give the path of a file or folder with a function.',
      cause,
    });
  });
  const full = resolve(path);
  const folder = info.isDirectory() ? full : dirname(full);
  const all = info.isDirectory() ? await filesBelow(full) : [basename(full)];
  const files = all.filter((file) => !CONFIGS.includes(file));
  const config = configFile ?? all.filter((file) => CONFIGS.includes(file)).map((file) => join(folder, file))[0];
  const entry = entryFileOf(files);
  const code = entry === undefined ? '' : await readFile(join(folder, entry), 'utf8');
  const given = config === undefined ? draftOf(inlineConfigOf(code, entry ?? '') ?? {}, entry ?? '') : await readDraft(config);
  const runtime = given.spec.runtime ?? (entry === undefined ? undefined : runtimeOfFile(entry));
  const handler = given.spec.handler ?? (entry === undefined ? undefined : handlerOf(entry, code));
  const name = given.metadata.name ?? nameOf(info.isDirectory() ? full : full.replace(/\.[^.]+$/, ''));
  const found = { ...(runtime === undefined ? {} : { runtime }), ...(handler === undefined ? {} : { handler }) };
  return { folder, files, entry, draft: { metadata: { ...given.metadata, name }, spec: { ...given.spec, ...found } } };
}

/** A configuration as function.yaml has it, without what only Kubernetes wants to know. @throws AMP_CLI_SOURCE, AMP_INPUT_INVALID */
async function readDraft(file: string): Promise<Draft> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw cliError('AMP_CLI_SOURCE', {
      what: `${file} cannot be read`,
      why: messageOf(cause),
      fix: 'Give the path of a function.yaml.',
      cause,
    });
  });
  return draftOf(parseYaml(z.looseObject({}), text.trim() === '' ? '{}' : text, file), file);
}

function draftOf(config: unknown, file: string): Draft {
  const { metadata, spec } = parse(draftSchema, config, file);
  return { metadata, spec };
}

/** Files of a folder by their paths in it; links are what they lead to. Of packages of others everything counts. @throws AMP_CLI_SOURCE */
async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  const read = async (below: string, isOwn: boolean): Promise<void> => {
    for (const { name } of await readdir(join(folder, below), { withFileTypes: true })) {
      if (isOwn ? NOT_SOURCE.test(name) : below === PACKAGES && name.startsWith('.')) continue;
      const path = below === '' ? name : `${below}/${name}`;
      if ((await stat(join(folder, path))).isDirectory()) await read(path, isOwn && name !== PACKAGES);
      else found.push(path);
      if (found.length > MAX_SOURCE_FILES) throw tooMany(folder);
    }
  };
  await read('', true);
  return found.sort();
}

function tooMany(folder: string): Error {
  return cliError('AMP_CLI_SOURCE', {
    what: `${folder} has more than ${MAX_SOURCE_FILES} files`,
    fix: 'Give the folder of the function alone, without what only development needs ("npm prune --omit=dev").',
  });
}

/** A folder's name as a function can have it. */
function nameOf(path: string): string {
  return basename(path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
}
