import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

interface TemporaryOptions {
  /** `afterAll` for a folder that all tests of a file share; the end of the test by default. */
  atEnd?: (clean: () => Promise<void>) => void;
  /** Where it is made. */
  on?: string;
}

/** A folder that is gone at the end. */
export async function temporaryFolder({ atEnd = onTestFinished, on = tmpdir() }: TemporaryOptions = {}): Promise<string> {
  const folder = await mkdtemp(join(on, 'ampoule-bundle-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files by their paths below a folder; what begins as a script does may be run. */
export async function writeTree(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    if (text.startsWith('#!')) await chmod(file, 0o755);
  }
}
