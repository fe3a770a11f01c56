import * as z from 'zod';
import type { Host } from '../host/host.ts';
import { paths } from '../paths.ts';

// Shorter ones are names or numbers, which would blot out half of a text.
const SHORTEST = 12;

const secretsSchema = z.record(z.string(), z.unknown());

/** The secrets that the appliance made for itself, also in the form in which a header carries them; none when they cannot be read. */
export async function knownSecrets(host: Pick<Host, 'readText'>): Promise<string[]> {
  const text = await host.readText(paths.secrets).catch(() => undefined);
  const values = Object.values(secretsSchema.catch({}).parse(decode(text ?? '{}')));
  const secrets = values.filter((value): value is string => typeof value === 'string' && value.length >= SHORTEST);
  return secrets.flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]);
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A damaged file must not keep the rest of the bundle.
    return {};
  }
}
