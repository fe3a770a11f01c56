import { existsSync } from 'node:fs';
import { parse } from '@ampoule/lib/parse';
import { type FunctionConfig, functionConfigSchema } from '@ampoule/platform-api/function';
import type { Command } from 'commander';
import { cliError } from '../errors.ts';
import { type SourceArchive, withCode } from '../source/code.ts';
import { draftSchema, readSource, type Source } from '../source/read.ts';
import { withFlags } from './flags.ts';

/** Where a function comes from, as a command line says it. */
export interface Origin {
  /** nuctl's `NAME --path PATH`, or a path alone. */
  target?: string | undefined;
  path?: string | undefined;
  name?: string | undefined;
  file?: string | undefined;
}

/** A function as it is sent, and the code that is sent before it. */
export interface Prepared {
  config: FunctionConfig;
  archive?: SourceArchive;
}

/** The function that a command line describes, whole and checked. @throws AMP_CLI_SOURCE, AMP_INPUT_INVALID with all mistakes */
export async function prepareFunction(origin: Origin, command: Command): Promise<Prepared> {
  const hasCode = CODE_FLAGS.some((flag) => command.getOptionValue(flag) !== undefined);
  const { path, name } = await located(origin, hasCode);
  const isLocal = path !== undefined && !URL_START.test(path);
  const source = isLocal ? await readSource(path, origin.file) : await withoutFolder(origin.file, path);
  const named = name === undefined ? source.draft : { ...source.draft, metadata: { ...source.draft.metadata, name } };
  const { draft, archive } = await withCode({ ...source, draft: withFlags(named, command) });
  const config = parse(functionConfigSchema, draft, `The function ${draft.metadata.name ?? ''}`.trimEnd());
  return archive === undefined ? { config } : { config, archive };
}

/** Code that the builder fetches by itself. */
const URL_START = /^https?:\/\//;

/** With these a function needs no file. */
const CODE_FLAGS = ['runImage', 'source'] as const;

/**
 * A target that is on the disk is a path. Else it is a name, which needs its code from elsewhere. Nothing at all is the current folder.
 * @throws AMP_CLI_SOURCE
 */
async function located({ target, path, name, file }: Origin, hasCode: boolean): Promise<Pick<Origin, 'path' | 'name'>> {
  if (path !== undefined) return { path, name: name ?? target };
  const isComplete = hasCode || file !== undefined;
  if (target === undefined) return isComplete ? { name } : { path: '.', name };
  if (existsSync(target) || URL_START.test(target)) return { path: target, name };
  if (isComplete && NAME.test(target)) return { name: name ?? target };
  throw cliError('AMP_CLI_SOURCE', {
    what: `There is no file or folder ${target}`,
    fix: NAME.test(target)
      ? `Give the path of the function; a function called ${target} that has no files takes --run-image, --source or --file.`
      : 'Give the path of a file or folder with a function.',
  });
}

/** What a name can be. */
const NAME = /^[a-z0-9-]+$/;

/** A function without files here; its code may be an archive that a server inside of the site has. */
async function withoutFolder(file: string | undefined, archive: string | undefined): Promise<Source> {
  const draft = file === undefined ? draftSchema.parse({}) : (await readSource(file, file)).draft;
  const build = archive === undefined ? draft.spec.build : { codeEntryType: 'archive', ...draft.spec.build, path: archive };
  return { folder: process.cwd(), files: [], entry: undefined, draft: { ...draft, spec: { ...draft.spec, build } } };
}
