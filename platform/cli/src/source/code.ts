import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { packLayer } from '@ampoule/lib/oci/layer';
import { MAX_SOURCE_BYTES, MAX_SOURCE_FILES, sourcePathOf } from '@ampoule/platform-api/source-archive';
import { cliError } from '../errors.ts';
import type { Draft, Source } from './read.ts';

/** The files of a function as a tar.gz, which goes to the API before the function does. */
export interface SourceArchive {
  digest: string;
  bytes: Buffer;
}

/** A function with its code: that of one file lies in it, that of several is named by the archive's digest. @throws AMP_CLI_SOURCE */
export async function withCode(source: Source): Promise<{ draft: Draft; archive?: SourceArchive }> {
  const { folder, files, entry, draft } = source;
  const { build, image } = draft.spec;
  if (build?.functionSourceCode || build?.path || build?.image || image) return { draft };
  const [file] = files;
  const isNamed = files.length === 1 ? draft.spec.runtime : draft.spec.runtime && draft.spec.handler;
  if (file === undefined || (entry === undefined && !isNamed)) throw noEntry(source);
  if (files.length === 1) {
    const code = await readFile(join(folder, file));
    return { draft: withBuild(draft, { functionSourceCode: code.toString('base64') }) };
  }
  const archive = await packSource(source);
  return { draft: withBuild(draft, { codeEntryType: 'archive', path: sourcePathOf(archive.digest) }), archive };
}

function withBuild(draft: Draft, code: object): Draft {
  return { ...draft, spec: { ...draft.spec, build: { ...draft.spec.build, ...code } } };
}

/** The same files give the same bytes. */
async function packSource({ folder, files }: Source): Promise<SourceArchive> {
  const infos = await Promise.all(files.map((path) => stat(join(folder, path))));
  const bytes = infos.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_SOURCE_BYTES || files.length > MAX_SOURCE_FILES) {
    throw cliError('AMP_CLI_SOURCE', {
      what: `${folder} is too large for a function: ${files.length} files with ${Math.ceil(bytes / 2 ** 20)} MiB`,
      why: `${MAX_SOURCE_FILES} files with ${MAX_SOURCE_BYTES >> 20} MiB can be deployed at most`,
      fix: 'Take out what only development needs ("npm prune --omit=dev"), keep data elsewhere, or give an image with --run-image.',
    });
  }
  const entries = files.map((path, i) => ({ path, file: join(folder, path), mode: ((infos[i]?.mode ?? 0) & 0o100) === 0 ? 0o644 : 0o755 }));
  return packLayer(entries);
}

function noEntry({ folder, files }: Source): Error {
  return cliError('AMP_CLI_SOURCE', {
    what:
      files.length === 0
        ? `There is no source code of a function in ${folder}`
        : `It is not clear in which file of ${folder} the function begins`,
    fix: 'Call that file handler, main or index, with the ending .js, .ts, .py or .sh, or name runtime and handler in function.yaml or by --runtime and --handler.',
  });
}
