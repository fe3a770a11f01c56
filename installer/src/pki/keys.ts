import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { messageOf } from '@ampoule/lib/errors';
import { pkiError } from './errors.ts';
import { ensureMode, KEY_MODE, readIfThere, writeDurably } from './files.ts';

/**
 * Makes an RSA key in PEM, in Node.js's thread pool: several at a time use several cores, which node-forge cannot.
 * PKCS #1 is what both node-forge and kubeadm read.
 */
export async function generateKey(bits: number): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

/** Reads a key's PEM where there is one. @throws AMP_PKI_KEY_INVALID */
export async function readKey(file: string): Promise<string | undefined> {
  const pem = await readIfThere(file);
  if (pem === undefined) return undefined;
  parseKey(pem, file);
  await ensureMode(file, KEY_MODE);
  return pem;
}

/** The key of a file, made when it is not there. @throws AMP_PKI_KEY_INVALID */
export async function ensureKey(file: string, bits: number): Promise<string> {
  const existing = await readKey(file);
  if (existing !== undefined) return existing;
  const pem = await generateKey(bits);
  await writeDurably(file, pem, KEY_MODE);
  return pem;
}

/** @throws AMP_PKI_KEY_INVALID naming the file */
export function parseKey(pem: string, file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw invalid(file, messageOf(cause), cause);
  }
  if (key.asymmetricKeyType !== 'rsa') throw invalid(file, `it is of type ${key.asymmetricKeyType}`);
  return key;
}

function invalid(file: string, why: string, cause?: unknown) {
  return pkiError('AMP_PKI_KEY_INVALID', {
    what: `${file} is not an RSA private key in PEM`,
    why,
    fix: 'Put it back from a backup. On a host that was never installed, delete the file.',
    cause,
  });
}

/** The public half of a private key, in PEM. */
export function publicKeyOf(privateKeyPem: string): string {
  return createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
}
