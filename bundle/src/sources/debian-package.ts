import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { extract } from 'tar-stream';

export interface PackageContent {
  entries: LayerEntry[];
  /** Text of the package's copyright file. */
  copyright: string | undefined;
}

/** The files of a .deb, without its scripts. */
export async function readPackage(file: string): Promise<PackageContent> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]);
  const [content, [[code], errors]] = await Promise.all([readTar(child.stdout), ended]);
  // A broken package may still give the beginning of its files.
  if (code !== 0) throw new Error(`dpkg-deb cannot read ${file}: ${errors.trim()}`);
  return content;
}

async function readTar(tar: Readable): Promise<PackageContent> {
  const archive = tar.pipe(extract());
  const entries: LayerEntry[] = [];
  let copyright: string | undefined;
  for await (const entry of archive) {
    const { name, type, mode, linkname } = entry.header;
    const path = posix.normalize(name).replace(/\/$/, '');
    const content = await buffer(entry);
    if (/^usr\/share\/doc\/[^/]+\/copyright$/.test(path)) copyright = content.toString('utf8');
    if (type === 'file') entries.push({ path, mode: (mode ?? 0o644) & 0o777, content });
    if (type === 'symlink') entries.push({ path, link: relativeLink(path, linkname ?? '') });
    if (type === 'link') entries.push({ path, link: relativeLink(path, `/${posix.normalize(linkname ?? '')}`) });
  }
  return { entries, copyright };
}

/** Links stay inside the folder that a layer is unpacked into, wherever that is. */
function relativeLink(path: string, target: string): string {
  return target.startsWith('/') ? posix.relative(posix.dirname(`/${path}`), target) : target;
}
