import { createPublicKey, sign as signNative, verify as verifyNative } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { codeOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { signingError } from './errors.ts';
import { fingerprint, readPrivateKey, readPublicKey } from './keys.ts';

/** Name of the signature beside the manifest that it signs. */
export const SIGNATURE_FILE = 'manifest.json.sig';

const signatureSchema = z.strictObject({
  algorithm: z.literal('ed25519'),
  /** Which key signed. It only helps to explain a refusal: trust comes from the site's own public key. */
  publicKeyFingerprint: z
    .string()
    .regex(/^SHA256:([0-9a-f]{4}-){15}[0-9a-f]{4}$/, 'must be SHA256: and sixteen groups of four hexadecimal digits'),
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/, 'must be 64 bytes in base64'),
});

export type Signature = z.output<typeof signatureSchema>;

/** Signs bytes and gives the text of the signature file. The same bytes and key give the same text. @throws AMP_BUNDLE_KEY_INVALID */
export function sign(bytes: Uint8Array, privateKeyPem: string): string {
  const privateKey = readPrivateKey(privateKeyPem);
  const publicKeyPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  const signature: Signature = {
    algorithm: 'ed25519',
    publicKeyFingerprint: fingerprint(publicKeyPem),
    signature: signNative(null, bytes, privateKey).toString('base64'),
  };
  return `${JSON.stringify(signature, null, 2)}\n`;
}

/** Checks the text of a signature file against the key that the site trusts. @throws AMP_BUNDLE_SIGNATURE, AMP_BUNDLE_KEY_INVALID, AMP_INPUT_INVALID */
export function verify(bytes: Uint8Array, signatureText: string, publicKeyPem: string): void {
  const publicKey = readPublicKey(publicKeyPem);
  const { publicKeyFingerprint: signedBy, signature } = parseJson(signatureSchema, signatureText, SIGNATURE_FILE);
  const trusted = fingerprint(publicKeyPem);
  if (verifyNative(null, bytes, publicKey, Buffer.from(signature, 'base64'))) return;
  if (signedBy !== trusted) {
    throw signingError('AMP_BUNDLE_SIGNATURE', {
      what: 'The bundle is signed by another key than the one that this site trusts',
      why: `\n  signed by ${signedBy}\n  trusted   ${trusted}`,
      fix: 'Compare the fingerprints with whoever built the bundle. If the new key is right, give its public half with --public-key.',
    });
  }
  throw signingError('AMP_BUNDLE_SIGNATURE', {
    what: `manifest.json does not match its signature ${SIGNATURE_FILE}`,
    why: `the manifest or the signature was changed after it was signed by ${signedBy}`,
    fix: 'Copy the bundle again from its source. If it fails again, the source itself was changed: do not install it.',
  });
}

/** The text of a signature file. @throws AMP_BUNDLE_SIGNATURE_MISSING */
export async function readSignature(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw signingError('AMP_BUNDLE_SIGNATURE_MISSING', {
      what: `There is no signature ${file}`,
      fix: 'Copy the whole bundle again, or have it signed: Ampoule installs signed bundles only.',
      cause,
    });
  }
}
