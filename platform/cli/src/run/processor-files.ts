import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FunctionConfig } from '@ampoule/platform-api/function';

export interface ProcessorFiles {
  config: string;
  platform: string;
}

/** Names of triggers that events do not come from on a developer's machine: only requests do. */
export function idleTriggersOf({ spec }: FunctionConfig): string[] {
  return Object.entries(spec.triggers ?? {})
    .filter(([, { kind }]) => kind !== 'http')
    .map(([name, { kind }]) => `${name} (${kind})`);
}

/** Writes what the controller would give to the processor, for a function that answers on this machine alone. */
export async function writeProcessorFiles(folder: string, { metadata, spec }: FunctionConfig, port: number): Promise<ProcessorFiles> {
  const [key, http] = Object.entries(spec.triggers ?? {}).find(([, { kind }]) => kind === 'http') ?? ['default-http', { kind: 'http' }];
  const triggers = { [key]: { numWorkers: 1, name: key, ...http, url: `127.0.0.1:${port}` } };
  const files = { config: join(folder, 'processor.yaml'), platform: join(folder, 'platform.yaml') };
  await writeFile(files.config, JSON.stringify({ metadata, spec: { ...spec, triggers } }));
  await writeFile(files.platform, JSON.stringify({ healthCheck: { enabled: false }, webAdmin: { enabled: false } }));
  return files;
}

/** The variables of a function that can be known without a cluster. */
export function environmentOf({ spec }: FunctionConfig): Record<string, string> {
  return Object.fromEntries((spec.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
