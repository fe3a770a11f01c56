import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

/** Writes a folder into a tar below the name `root`, its files in order of their paths. */
export async function packFolder(folder: string, root: string, target: string): Promise<void> {
  const tar = pack();
  await Promise.all([writeFiles(tar, folder, root), pipeline(tar, createWriteStream(target))]);
}

async function writeFiles(tar: Pack, folder: string, root: string): Promise<void> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) {
    const { size, mode } = await stat(file);
    const header = {
      name: `${root}/${file.slice(folder.length + 1)}`,
      size,
      // Not the file's own mode, which the umask of whoever builds has a say in.
      mode: (mode & 0o100) === 0 ? 0o644 : 0o755,
      mtime: new Date(0),
    };
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), tar.entry(header));
  }
  tar.finalize();
}
