import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { cliError } from './errors.ts';

const OWNER_ONLY = 0o600;
const OWNER_FOLDER = 0o700;

/** A file that a person named. @throws AMP_CLI_FILE */
export async function readGivenFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw cliError('AMP_CLI_FILE', { what: `${path} cannot be read`, why: messageOf(cause), fix: 'Give the path of a file.', cause });
  });
}

/** A file that need not be there. @throws AMP_CLI_FILE where it cannot be read */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cliError('AMP_CLI_FILE', { what: `${path} cannot be read`, why: messageOf(cause), fix: 'Look at who may read it.', cause });
  }
}

/** Writes a file for its owner alone; it is there whole or as it was. @throws AMP_CLI_FILE */
export async function writeSecretFile(path: string, contents: string): Promise<void> {
  const beside = `${path}.${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: OWNER_FOLDER });
    await writeFile(beside, contents, { mode: OWNER_ONLY });
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true });
    throw cliError('AMP_CLI_FILE', {
      what: `${path} cannot be written`,
      why: messageOf(cause),
      fix: 'Look at who may write there.',
      cause,
    });
  }
}
