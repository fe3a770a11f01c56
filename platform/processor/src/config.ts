import { readFile } from 'node:fs/promises';
import { codeOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import { ports } from '@ampoule/platform-api/constants';
import { type FunctionConfig, functionConfigSchema } from '@ampoule/platform-api/function';
import * as z from 'zod';
import { processorError } from './errors.ts';

// Schemas are used once here; compiling them, as zod does otherwise, takes longer than that use.
z.config({ jitless: true });

const platformConfigSchema = z.looseObject({
  healthCheck: z.looseObject({ enabled: z.boolean().default(true), listenAddress: z.string().default(`:${ports.health}`) }).prefault({}),
  metrics: z
    .looseObject({
      sinks: z.record(z.string(), z.unknown()).default({}),
      /** Names of the sinks that functions report to. */
      functions: z.array(z.string()).default([]),
    })
    .prefault({}),
  tracing: z
    .looseObject({
      /** By default, whether there is an address to send to. */
      enabled: z.boolean().optional(),
      /** Of a collector that takes OTLP over HTTP. */
      url: z.url({ protocol: /^https?$/, error: 'must be a URL such as http://collector:4318' }).optional(),
      /** The share of traces that begin here to be recorded. */
      sampleRatio: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
});
export type PlatformConfig = z.output<typeof platformConfigSchema>;

/** Reads processor.yaml, which the controller writes. @throws AMP_INPUT_INVALID */
export async function readFunctionConfig(file: string): Promise<FunctionConfig> {
  return parseFunctionConfig(await readFile(file, 'utf8'), file);
}

/** Reads platform.yaml; where there is none, defaults are in force. @throws AMP_INPUT_INVALID */
export async function readPlatformConfig(file: string): Promise<PlatformConfig> {
  try {
    return await parsePlatformConfig(await readFile(file, 'utf8'), file);
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
async function parseText<T extends z.ZodType>(schema: T, text: string, source: string): Promise<z.output<T>> {
  if (text.startsWith('{')) return parseJson(schema, text, source);
  const { parseYaml } = await import('@ampoule/lib/yaml');
  return parseYaml(schema, text, source);
}

/** Host and port of an address such as `:8080`. @throws AMP_TRIGGER_ADDRESS */
export function addressOf(text: string): { host: string; port: number } {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  if (match === null) {
    throw processorError('AMP_TRIGGER_ADDRESS', { what: `${text} is not an address`, fix: 'Write it as :PORT or HOST:PORT.' });
  }
  return { host: match[1] || '0.0.0.0', port: Number(match[2]) };
}
