import { mkdtempSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createHost, type Host } from '../host.ts';
import { type LiveState, liveState } from '../live.ts';

/** A file's text by its path; a text that begins with #! becomes a program, a path that ends with / a folder. */
export type Files = Record<string, string>;

/** Makes a folder that looks like a host; it is gone when the test is over. */
export async function hostFolder(files: Files, live: Partial<LiveState> = {}): Promise<Host> {
  const root = mkdtempSync(join(tmpdir(), 'ampoule-host-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const host = createHost(root, { ...liveState, userId: () => 0, environment: {}, addresses: () => [], ...live });
  await addFiles(host, files);
  return host;
}

/** Adds files to such a folder, or replaces them. */
export async function addFiles(host: Host, files: Files): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const place = host.at(path);
    if (path.endsWith('/')) await mkdir(place, { recursive: true });
    else {
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text);
      if (text.startsWith('#!')) await chmod(place, 0o755);
    }
  }
}

/** A line of /proc/self/mountinfo. */
export function mountLine(point: string, type: string, options = 'rw', tags = 'shared:1', superOptions = 'rw'): string {
  return `30 1 0:30 / ${point} ${options} ${tags} - ${type} ${type} ${superOptions}\n`;
}

/** A line of /proc/net/route for a network given as `10.0.0.0/24`. */
export function routeLine(name: string, cidr: string, gateway = '0.0.0.0'): string {
  const [address = '', bits = '0'] = cidr.split('/');
  const mask = Number(bits) === 0 ? 0 : (0xffffffff << (32 - Number(bits))) >>> 0;
  const maskText = [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.');
  return `${name}\t${hex(address)}\t${hex(gateway)}\t0003\t0\t0\t0\t${hex(maskText)}\t0\t0\t0\n`;
}

function hex(address: string): string {
  return Buffer.from(address.split('.').map(Number).reverse()).toString('hex').toUpperCase();
}
