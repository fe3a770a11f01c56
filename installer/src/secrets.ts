import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AmpouleError } from '@ampoule/lib/errors';
import { libError } from '@ampoule/lib/lib-errors';
import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { paths, ports } from './paths.ts';
import { readIfThere, writeDurably } from './pki/files.ts';

const accessSchema = z.strictObject({
  username: z.string(),
  password: z.string(),
  dashboardToken: z.string(),
  /** Bindings of warm pods are signed with this Ed25519 key: PKCS #8, DER in base64. An appliance of an earlier version has none yet. */
  warmKey: z.base64().optional(),
  /** What the invoker shows to NATS. An appliance of an earlier version has none yet. */
  natsToken: z.string().min(1).optional(),
});

type Known = z.output<typeof accessSchema>;

/** The secrets that the appliance made for itself at its first install. */
export type Secrets = Known & { warmKey: string; natsToken: string };

const SECRET_BYTES = 32;

/** Reads the appliance's secrets, making them when there are none. @throws AMP_INPUT_INVALID */
export async function ensureSecrets(file: string = paths.secrets): Promise<Secrets> {
  const existing = await readSecrets(file);
  const { warmKey, natsToken } = existing ?? {};
  if (existing !== undefined && warmKey !== undefined && natsToken !== undefined) return { ...existing, warmKey, natsToken };
  const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
  const access = { username: 'ampoule', password: secret(), dashboardToken: secret(), ...existing };
  const secrets = { ...access, warmKey: warmKey ?? newWarmKey(), natsToken: natsToken ?? secret() };
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeDurably(file, `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
  return secrets;
}

function newWarmKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
}

/** The appliance's secrets, or undefined when there are none yet. @throws AMP_INPUT_INVALID */
export async function readSecrets(file: string = paths.secrets): Promise<Known | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  try {
    return parse(accessSchema, JSON.parse(text), file);
  } catch (error) {
    // What the parser says of bad JSON quotes the text around the mistake, and that text is secret.
    if (error instanceof AmpouleError) throw error;
    throw libError('AMP_INPUT_INVALID', {
      what: `${file} is not JSON`,
      fix: 'Put it back from a backup; without one, uninstall and install again.',
    });
  }
}

/** Where the private registry answers. */
export function registryUrl(nodeAddress: string): string {
  return `https://${nodeAddress}:${ports.registry}`;
}
