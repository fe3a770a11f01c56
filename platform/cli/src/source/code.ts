import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cliError } from '../errors.ts';
import type { Draft, Source } from './read.ts';

const LISTED = 5;

/** A function with the code of its one file in it, which is how the builder takes it. @throws AMP_CLI_SOURCE */
export async function withCode({ folder, files, entry, draft }: Source): Promise<Draft> {
  const { build, image } = draft.spec;
  if (build?.functionSourceCode || build?.path || build?.image || image) return draft;
  if (files.length > 1) {
    const rest = files.length > LISTED ? ` and ${files.length - LISTED} more` : '';
    throw cliError('AMP_CLI_SOURCE', {
      what: `A function of several files cannot be deployed yet: ${files.slice(0, LISTED).join(', ')}${rest}`,
      fix: 'Join them into one file, for example with esbuild, give the URL of a tar.gz in place of the folder, or an image with --run-image.',
    });
  }
  const [file] = files;
  if (file === undefined || (entry === undefined && !draft.spec.runtime)) {
    throw cliError('AMP_CLI_SOURCE', {
      what: `There is no source code of a function in ${folder}`,
      fix: 'Put one file there that ends with .js, .ts, .py or .sh, or name runtime and handler in function.yaml.',
    });
  }
  const code = await readFile(join(folder, file));
  return { ...draft, spec: { ...draft.spec, build: { ...build, functionSourceCode: code.toString('base64') } } };
}
