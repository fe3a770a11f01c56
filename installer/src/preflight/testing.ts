import { installConfigSchema, type ResolvedConfig } from '../config.ts';
import type { Host } from '../host/host.ts';
import type { Files } from '../host/testing/host-folder.ts';
import { type CheckResult, checks, type PreflightInput, runPreflight } from './index.ts';

const needs = { createdAt: new Date('2026-05-01T00:00:00Z'), installBytes: 1000, architecture: 'amd64' } as const;

export function inputFor(host: Host, config: Partial<ResolvedConfig> = {}, more: Partial<PreflightInput['needs']> = {}): PreflightInput {
  const answers = installConfigSchema.parse({});
  return { host, needs: { ...needs, ...more }, config: { ...answers, nodeAddress: '10.0.0.5', nodeName: 'node1', ...config } };
}

/** Runs one check by its id. */
export async function outcomeOf(id: string, input: PreflightInput): Promise<CheckResult> {
  const [result] = await runPreflight(
    input,
    checks.filter((check) => check.id === id),
  );
  if (result === undefined) throw new Error(`no check ${id}`);
  return result;
}

/** A socket that listens or is bound, as in /proc/net/tcp. */
export function socketTable(port: number): string {
  return ` sl\n   0: 00000000:${port.toString(16).padStart(4, '0')} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n`;
}

/** A process with the ID 77. */
export function processFiles(name: string, program = `/usr/bin/${name}`): Files {
  return { '/proc/77/stat': `77 (${name}) S 1 77 77`, '/proc/77/cmdline': `${program}\0` };
}
