import { readFile } from 'node:fs/promises';
import { codeOf } from '@ampoule/lib/errors';
import { parseYaml } from '@ampoule/lib/parse';
import { ports } from '@ampoule/platform-api/constants';
import { functionConfigSchema } from '@ampoule/platform-api/function';
import { z } from 'zod';
import { processorError } from './errors.ts';

const platformConfigSchema = z.looseObject({
  healthCheck: z.looseObject({ enabled: z.boolean().default(true), listenAddress: z.string().default(`:${ports.health}`) }).prefault({}),
});
export type PlatformConfig = z.output<typeof platformConfigSchema>;

/** Reads processor.yaml, which the controller writes. @throws AMP_INPUT_INVALID */
export async function readFunctionConfig(file: string) {
  return parseYaml(functionConfigSchema, await readFile(file, 'utf8'), file);
}

/** Reads platform.yaml; where there is none, defaults are in force. @throws AMP_INPUT_INVALID */
export async function readPlatformConfig(file: string): Promise<PlatformConfig> {
  try {
    return parseYaml(platformConfigSchema, await readFile(file, 'utf8'), file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return platformConfigSchema.parse({});
    throw error;
  }
}

/** Host and port of an address such as `:8080`. @throws AMP_TRIGGER_ADDRESS */
export function addressOf(text: string): { host: string; port: number } {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw processorError('AMP_TRIGGER_ADDRESS', { what: `${text} is not an address`, fix: 'Write it as :PORT or HOST:PORT.' });
  }
  return { host: match[1] || '0.0.0.0', port: Number(match[2]) };
}
