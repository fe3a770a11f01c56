import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { filesBelow } from './files.ts';

/** Writes a folder into a tar below the name `root`, its files in order of their paths. */
export async function packFolder(folder: string, root: string, target: string): Promise<void> {
  const tar = pack();
  await Promise.all([writeFiles(tar, folder, root), pipeline(tar, createWriteStream(target))]);
}

async function writeFiles(tar: Pack, folder: string, root: string): Promise<void> {
  for (const path of await filesBelow(folder)) {
    const file = join(folder, path);
    const { size, mode } = await stat(file);
    const header = {
      name: `${root}/${path}`,
      size,
      // Not the file's own mode, which the umask of whoever builds has a say in.
      mode: (mode & 0o100) === 0 ? 0o644 : 0o755,
      mtime: new Date(0),
    };
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), tar.entry(header));
  }
  tar.finalize();
}
