import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { SecretValues } from './mask.ts';

/** Of the Secrets that hold what was taken out of functions; Nuclio's names. */
export const functionSecret = { type: 'nuclio.io/functionconfig', key: 'content', folder: '/etc/nuclio/secrets' } as const;

/** Tells a processor that its configuration has references; Nuclio's name. */
export const RESTORE_VARIABLE = 'NUCLIO_RESTORE_FUNCTION_CONFIG_FROM_SECRET';

/** Of Kubernetes. Variables have shorter ones; a trigger may have any name. */
const MAX_KEY_LENGTH = 253;
const PREFIX = 'NUCLIO_B64_';
const contentSchema = z.record(z.string(), z.string());

/** The data of a Secret with these values: one key for all, which processors read, and one for each, which variables refer to. */
export function secretDataOf(values: SecretValues): Record<string, string> {
  const encoded = [...values].map(([reference, value]) => [encodedKeyOf(reference), value] as const);
  const content = base64(JSON.stringify(Object.fromEntries(encoded)));
  const single = [...values]
    .map(([reference, value]) => [dataKeyOf(reference), base64(value)] as const)
    .filter(([key]) => key.length <= MAX_KEY_LENGTH);
  return { ...Object.fromEntries(single), [functionSecret.key]: base64(content) };
}

/** The values in the file that such a Secret is mounted as. @throws AMP_INPUT_INVALID */
export function valuesOfContent(content: string): Map<string, string> {
  const found = parseJson(contentSchema, text(content), 'The secrets of the function');
  return new Map(Object.entries(found).map(([key, value]) => [text(key.slice(PREFIX.length).replaceAll('_', '=')), value]));
}

/** The key of one value. It is Nuclio's, but for two characters that no key of a Secret may have. */
export function dataKeyOf(reference: string): string {
  return encodedKeyOf(reference).replaceAll('+', '-').replaceAll('/', '.');
}

function encodedKeyOf(reference: string): string {
  return `${PREFIX}${base64(reference).replaceAll('=', '_')}`;
}

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

function text(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString();
}
