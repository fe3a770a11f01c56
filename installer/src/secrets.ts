import { randomBytes } from 'node:crypto';
import { parseJson } from '@ampoule/lib/parse';
import { z } from 'zod';
import { paths, ports } from './paths.ts';
import { readIfThere, writeDurably } from './pki/files.ts';

const accessSchema = z.strictObject({ username: z.string(), password: z.string(), dashboardToken: z.string() });

/** The secrets that the appliance made for itself at its first install. */
export type Secrets = z.output<typeof accessSchema>;

const SECRET_BYTES = 32;

/** Reads the appliance's secrets, making them when there are none. */
export async function ensureSecrets(): Promise<Secrets> {
  const text = await readIfThere(paths.secrets);
  if (text !== undefined) return parseJson(accessSchema, text, paths.secrets);
  const secret = () => randomBytes(SECRET_BYTES).toString('base64url');
  const secrets = { username: 'ampoule', password: secret(), dashboardToken: secret() };
  await writeDurably(paths.secrets, `${JSON.stringify(secrets, null, 2)}\n`, 0o600);
  return secrets;
}

/** Where the private registry answers. */
export function registryUrl(nodeAddress: string): string {
  return `https://${nodeAddress}:${ports.registry}`;
}
