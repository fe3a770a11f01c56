import { createHash, createPrivateKey, createPublicKey, generateKeyPair as generateNative, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { signingError } from './errors.ts';

export interface SigningKeyPair {
  /** PKCS #8 in PEM. */
  privateKeyPem: string;
  /** SubjectPublicKeyInfo in PEM. */
  publicKeyPem: string;
}

/** Makes an Ed25519 key pair. */
export async function generateKeyPair(): Promise<SigningKeyPair> {
  const { privateKey, publicKey } = await promisify(generateNative)('ed25519');
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/**
 * The fingerprint that two people compare by voice or on paper: SHA-256 of the key's DER as groups of four hexadecimal digits.
 * @throws AMP_BUNDLE_KEY_INVALID
 */
export function fingerprint(publicKeyPem: string): string {
  const der = readPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return `SHA256:${createHash('sha256')
    .update(der)
    .digest('hex')
    .replaceAll(/.{4}(?=.)/g, '$&-')}`;
}

/** The public half of a private key, in PEM. @throws AMP_BUNDLE_KEY_INVALID */
export function publicKeyOf(privateKeyPem: string): string {
  return createPublicKey(readPrivateKey(privateKeyPem)).export({ type: 'spki', format: 'pem' }).toString();
}

/** @throws AMP_BUNDLE_KEY_INVALID */
export function readPrivateKey(pem: string): KeyObject {
  return ed25519('private key', () => createPrivateKey(pem));
}

/** Refuses a private key, from which Node.js would quietly make a public one. @throws AMP_BUNDLE_KEY_INVALID */
export function readPublicKey(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY'))
    throw invalid('public key', 'it is a private key, which must never leave the place where bundles are built');
  return ed25519('public key', () => createPublicKey(pem));
}

function ed25519(kind: string, read: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    throw invalid(kind, codeOf(error) === 'ERR_MISSING_PASSPHRASE' ? 'it is encrypted' : messageOf(error), error);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw invalid(kind, `it is of type ${key.asymmetricKeyType ?? 'secret'}`);
  return key;
}

function invalid(kind: string, why: string, cause?: unknown) {
  return signingError('AMP_BUNDLE_KEY_INVALID', {
    what: `The ${kind} is not an Ed25519 key in PEM`,
    why,
    fix: 'Give a key file that `ampoule bundle keygen` made.',
    cause,
  });
}
