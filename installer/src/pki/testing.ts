import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec, tryExec } from '@ampoule/lib/exec';
import { onTestFinished } from 'vitest';
import type { EnsurePkiOptions } from './ensure.ts';

export const config = { hostname: 'ampoule.example', nodeAddress: '192.0.2.10' };
export const bundleCreatedAt = new Date('2026-03-01T10:00:00Z');
export const now = new Date('2026-05-01T10:00:00Z');

export function optionsFor(directory: string, changes: Partial<EnsurePkiOptions> = {}): EnsurePkiOptions {
  return { directory, config, bundleCreatedAt, now, ...changes };
}

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-pki-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A copy of a PKI that a test may spoil; making one anew takes a second. */
export async function copyOf(directory: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(directory, folder, { recursive: true, preserveTimestamps: true });
  return folder;
}

/** Every file's text by name. */
export async function contentsOf(directory: string): Promise<Record<string, string>> {
  const names = (await readdir(directory)).sort();
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name), 'utf8')] as const)));
}

/** Names of the files that differ between two states. */
export function changed(before: Record<string, string>, after: Record<string, string>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]).sort();
}

/** Lets OpenSSL check a certificate as of the tests' `now`, from a trusted file alone, over what else lies in its own file. */
export async function opensslVerify(trust: string, certificate: string, ...options: string[]): Promise<{ code: number; output: string }> {
  const at = ['-attime', String(now.getTime() / 1000)];
  const { code, stdout, stderr } = await tryExec('openssl', [
    'verify',
    '-x509_strict',
    ...at,
    '-CAfile',
    trust,
    '-untrusted',
    certificate,
    ...options,
    certificate,
  ]);
  return { code, output: stdout + stderr };
}

/** What OpenSSL prints of a certificate. */
export async function opensslText(certificate: string): Promise<string> {
  return exec('openssl', ['x509', '-noout', '-text', '-in', certificate]);
}
