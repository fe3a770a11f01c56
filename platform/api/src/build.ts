import * as z from 'zod';
import { strings } from './metadata.ts';

const attributes = z.record(z.string(), z.unknown());
const words = z.array(z.string());
const base64 = z.base64({ error: 'must be base64' });

/** Where the code of a function comes from, and how it becomes an image. */
export const buildSchema = z.looseObject({
  path: z.string().optional(),
  functionSourceCode: base64.optional(),
  functionConfigPath: z.string().optional(),
  tempDir: z.string().optional(),
  registry: z.string().optional(),
  baseImageRegistry: z.string().optional(),
  image: z.string().optional(),
  noBaseImagesPull: z.boolean().optional(),
  noCache: z.boolean().optional(),
  noCleanup: z.boolean().optional(),
  baseImage: z.string().optional(),
  commands: words.nullish(),
  directives: z.record(z.string(), z.array(z.looseObject({ kind: z.string().optional(), value: z.string().optional() }))).nullish(),
  scriptPaths: words.nullish(),
  addedPaths: strings.nullish(),
  dependencies: words.nullish(),
  onbuildImage: z.string().optional(),
  offline: z.boolean().optional(),
  runtimeAttributes: attributes.nullish(),
  codeEntryType: z.string().optional(),
  codeEntryAttributes: attributes.nullish(),
  timestamp: z.number().optional(),
  buildTimeoutSeconds: z.int().nullish(),
  mode: z.string().optional(),
  args: strings.nullish(),
  flags: words.nullish(),
  builderServiceAccount: z.string().optional(),
});
