import { open, readFile, rm, stat } from 'node:fs/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { signingError } from './errors.ts';
import { readPrivateKey, readPublicKey, type SigningKeyPair } from './keys.ts';

const OTHERS = 0o077;

/**
 * Writes a new pair, the private key for its owner alone. A file that is there already is never overwritten:
 * a lost signing key would force every site to trust a new one. @throws AMP_BUNDLE_KEY_EXISTS
 */
export async function writeKeyPair(
  pair: SigningKeyPair,
  { privateKeyFile, publicKeyFile }: { privateKeyFile: string; publicKeyFile: string },
): Promise<void> {
  await writeNew(privateKeyFile, pair.privateKeyPem, 0o600);
  try {
    await writeNew(publicKeyFile, pair.publicKeyPem, 0o644);
  } catch (error) {
    await rm(privateKeyFile);
    throw error;
  }
}

/** Reads a private key's PEM. @throws AMP_BUNDLE_KEY_INVALID, AMP_BUNDLE_KEY_EXPOSED */
export async function loadPrivateKey(file: string): Promise<string> {
  const pem = await read(file, 'private key');
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & OTHERS) !== 0) {
    throw signingError('AMP_BUNDLE_KEY_EXPOSED', {
      what: `${file} has mode ${mode.toString(8).padStart(4, '0')}`,
      why: 'others than its owner can read or change the key that signs bundles',
      fix: `Run \`chmod 600 ${file}\`. If others may have read it, make a new key and give its public half to every site.`,
    });
  }
  readPrivateKey(pem);
  return pem;
}

/** Reads a public key's PEM. @throws AMP_BUNDLE_KEY_INVALID */
export async function loadPublicKey(file: string): Promise<string> {
  const pem = await read(file, 'public key');
  readPublicKey(pem);
  return pem;
}

async function read(file: string, kind: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw signingError('AMP_BUNDLE_KEY_INVALID', {
      what: `The ${kind} ${file} cannot be read`,
      why: messageOf(cause),
      fix: 'Give the path of a key file that `ampoule bundle keygen` made.',
      cause,
    });
  }
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
    throw signingError('AMP_BUNDLE_KEY_EXISTS', {
      what: `${file} is there already`,
      fix: 'Use that key, or name another file.',
      cause,
    });
  }
}
