import { createHash } from 'node:crypto';
import { encodeBase64, hashSync } from 'bcryptjs';

const COST = 10;
const SALT_BYTES = 16;
/** Hashes beyond this number are made again when they are needed. */
const MAX_KEPT = 1000;
const kept = new Map<string, string>();

/**
 * The hash of a password by which Caddy checks it. Gateways on all hosts have to come to the same one without a place to keep it,
 * so the salt comes from the object's uid: a salt has to be different for each password, not secret.
 */
export function passwordHashOf(password: string, uid: string): string {
  const key = createHash('sha256')
    .update(JSON.stringify([uid, password]))
    .digest('hex');
  const known = kept.get(key);
  if (known !== undefined) return known;
  const salt = createHash('sha256').update(uid).digest().subarray(0, SALT_BYTES);
  const hash = hashSync(password, `$2b$${COST}$${encodeBase64([...salt], SALT_BYTES)}`);
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, hash);
  return hash;
}
