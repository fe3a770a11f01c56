import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import type { KafkaAttributes } from './attributes.ts';

/** No file is meant by what is longer, and PEM is. */
const LONGEST_PATH = 1024;
const NO_FILE = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']);

/** The attributes with the content of files where those are named in place of a secret. */
export async function withSecrets(attributes: KafkaAttributes): Promise<KafkaAttributes> {
  const { secretPath, sasl } = attributes;
  const read = async (value: string) => {
    if (value === '' || value.length > LONGEST_PATH || value.includes('\n')) return value;
    try {
      return (await readFile(resolve('/', secretPath, value), 'utf8')).trim();
    } catch (error) {
      if (NO_FILE.has(codeOf(error) ?? '')) return value;
      throw error;
    }
  };
  return {
    ...attributes,
    caCert: pemOf(await read(attributes.caCert)),
    accessKey: pemOf(await read(attributes.accessKey)),
    accessCertificate: pemOf(await read(attributes.accessCertificate)),
    sasl: {
      ...sasl,
      password: await read(sasl.password),
      oauth: { ...sasl.oauth, clientSecret: await read(sasl.oauth.clientSecret) },
    },
  };
}

/** PEM that was made one line, with `@` or spaces for its line breaks. */
export function pemOf(text: string): string {
  if (text.includes('\n')) return text;
  if (text.includes('@')) return text.replaceAll('@', '\n');
  return text.replace(/(-----BEGIN [A-Z0-9 ]+-----)([^-]*)(-----END [A-Z0-9 ]+-----) ?/g, (_, begin: string, body: string, end: string) =>
    [begin, ...body.trim().split(/ +/), end, ''].join('\n'),
  );
}
