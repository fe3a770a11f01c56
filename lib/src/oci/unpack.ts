import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { extract } from 'tar-stream';

/** Far more than the code of a function has; it keeps a mistake from filling the memory. */
const MAX_BYTES = 512 * 1024 * 1024;
const unzip = promisify(gunzip);

/**
 * Lays what a layer, a gzipped tar held in memory, holds over a folder that stands for the root of its image. Only for layers from a
 * source that is trusted: links are made as they are.
 */
export async function unpackLayer(layer: Buffer, root: string): Promise<void> {
  const tar = extract();
  tar.end(await unzip(layer, { maxOutputLength: MAX_BYTES }));
  for await (const entry of tar) {
    const { name, type, mode = 0o644, linkname } = entry.header;
    const path = join(root, normalize(`/${name}`));
    if (type === 'directory') {
      await mkdir(path, { recursive: true });
    } else if (type === 'symlink' && linkname) {
      await mkdir(dirname(path), { recursive: true });
      await rm(path, { force: true });
      await symlink(linkname, path);
    } else if (type === 'file') {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await buffer(entry));
      await chmod(path, mode);
    } else {
      throw new Error(`the layer holds ${name}, which is a ${type}`);
    }
    entry.resume();
  }
}
