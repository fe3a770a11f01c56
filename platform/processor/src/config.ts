// Before any schema is made.
import './schema.ts';

import { codeOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import { ports } from '@ampoule/platform-api/constants';
import * as z from 'zod/mini';
import { readFileSync } from './builtins.ts';
import { processorError } from './errors.ts';
import { type FunctionConfig, functionConfigSchema } from './function-config.ts';
import { zodOf } from './schema.ts';

const platformConfigSchema = z.looseObject({
  healthCheck: z.prefault(
    z.looseObject({ enabled: z._default(z.boolean(), true), listenAddress: z._default(z.string(), `:${ports.health}`) }),
    {},
  ),
  webAdmin: z.prefault(z.looseObject({ enabled: z._default(z.boolean(), true), listenAddress: z._default(z.string(), ':8081') }), {}),
  metrics: z.prefault(
    z.looseObject({
      sinks: z._default(z.record(z.string(), z.unknown()), {}),
      /** Names of the sinks that functions report to. */
      functions: z._default(z.array(z.string()), []),
    }),
    {},
  ),
  tracing: z.prefault(
    z.looseObject({
      /** By default, whether there is an address to send to. */
      enabled: z.optional(z.boolean()),
      /** Of a collector that takes OTLP over HTTP. */
      url: z.optional(z.url({ protocol: /^https?$/, error: 'must be a URL such as http://collector:4318' })),
      /** The share of traces that begin here to be recorded. */
      sampleRatio: z._default(z.number().check(z.minimum(0), z.maximum(1)), 1),
    }),
    {},
  ),
});
export type PlatformConfig = z.output<typeof platformConfigSchema>;

/** Reads processor.yaml, which the controller writes, and the secrets that it refers to. @throws AMP_INPUT_INVALID, AMP_SECRET_MISSING */
export async function readFunctionConfig(file: string): Promise<FunctionConfig> {
  const config = await parseFunctionConfig(readFileSync(file, 'utf8'), file);
  if (process.env.NUCLIO_RESTORE_FUNCTION_CONFIG_FROM_SECRET === undefined) return config;
  const { withSecrets } = await import('./secrets.ts');
  return withSecrets(config, process.env);
}

/** Reads platform.yaml; where there is none, defaults are in force. @throws AMP_INPUT_INVALID */
export async function readPlatformConfig(file: string): Promise<PlatformConfig> {
  try {
    return await parsePlatformConfig(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return platformConfigSchema.parse({});
    throw error;
  }
}

/** The text of a processor.yaml; `source` is what mistakes are said to be in. @throws AMP_INPUT_INVALID */
export function parseFunctionConfig(text: string, source: string): Promise<FunctionConfig> {
  return parseText(functionConfigSchema, text, source);
}

/** The text of a platform.yaml. @throws AMP_INPUT_INVALID */
export function parsePlatformConfig(text: string, source: string): Promise<PlatformConfig> {
  return parseText(platformConfigSchema, text, source);
}

/** The controller writes JSON, which is YAML too and is read without loading a parser for YAML. */
async function parseText<T extends z.ZodMiniType>(schema: T, text: string, source: string): Promise<z.output<T>> {
  if (text.startsWith('{')) return parseJson(zodOf(schema), text, source);
  const { parseYaml } = await import('@ampoule/lib/yaml');
  return parseYaml(zodOf(schema), text, source);
}

export interface Address {
  /** Without it, all of this machine's; Node.js loads its resolver of names for any other. */
  host: string | undefined;
  port: number;
}

/** Host and port of an address such as `:8080`. @throws AMP_TRIGGER_ADDRESS */
export function addressOf(text: string): Address {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw processorError('AMP_TRIGGER_ADDRESS', { what: `${text} is not an address`, fix: 'Write it as :PORT or HOST:PORT.' });
  }
  return { host: match[1] || undefined, port: Number(match[2]) };
}
