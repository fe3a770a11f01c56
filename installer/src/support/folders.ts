import { open } from 'node:fs/promises';
import type { Host } from '../host/host.ts';
import { paths } from '../paths.ts';

export interface LogFile {
  path: string;
  size: number;
}

const MOST_FILES = 2_000;
const LOG_END_BYTES = 2 ** 20;

/** Folders whose text files all go into a support bundle. Keys and certificates lie elsewhere, and are left out by name, too. */
const folders = [paths.logs, paths.config, '/var/log/pods'];
const leftOut = /\.(key|pem|p12|pfx|gz|xz|zst|tar)$|htpasswd$/;

/** The files in the folders of logs and configuration. */
export async function* listLogFiles(host: Host): AsyncGenerator<LogFile> {
  let seen = 0;
  const waiting: string[] = [...folders];
  for (let path = waiting.shift(); path !== undefined && seen < MOST_FILES; path = waiting.shift()) {
    const info = await host.stat(path);
    if (info?.type === 'directory') waiting.push(...(await host.list(path)).map((name) => `${path}/${name}`));
    if (info?.type !== 'file' || path === paths.secrets || leftOut.test(path)) continue;
    seen += 1;
    yield { path, size: info.size };
  }
}

/** The last MiB of a file. */
export async function readEnd(host: Host, { path, size }: LogFile): Promise<string> {
  const start = Math.max(0, size - LOG_END_BYTES);
  const file = await open(host.at(path), 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    // In a line whose beginning is cut off, the name that marks a secret may be cut off.
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}
