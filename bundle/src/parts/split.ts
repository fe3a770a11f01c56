import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { partsError } from './errors.ts';
import { isPartName, type Part, type PartList, type Progress, partName } from './list.ts';
import { mergeScript, mergeScriptName } from './merge-script.ts';
import { CHUNK_BYTES, ensureSpace, tap } from './stream.ts';

export interface SplitOptions {
  file: string;
  /** Largest size of a part in bytes. */
  partBytes: number;
  outputDirectory: string;
  onProgress?: Progress | undefined;
}

/**
 * Splits a bundle for media that hold less than all of it: `NAME.part-001` and so on, a script that joins them, and
 * `NAME.parts.json` last, so that an interrupted split is seen as one. Parts of an earlier split of the same name are replaced. @throws AMP_PART_SIZE, AMP_PART_SPACE
 */
export async function splitBundle({
  file,
  partBytes,
  outputDirectory,
  onProgress,
}: SplitOptions): Promise<PartList & { partsFile: string; script: string }> {
  if (!Number.isSafeInteger(partBytes) || partBytes < 1) {
    throw partsError('AMP_PART_SIZE', { what: `${partBytes} is not a size for parts`, fix: 'Give a whole number of bytes above zero.' });
  }
  const { size } = await stat(file);
  const name = basename(file);
  const partsFile = join(outputDirectory, `${name}.parts.json`);
  await mkdir(outputDirectory, { recursive: true });
  await removeOldParts(outputDirectory, name);
  await ensureSpace(outputDirectory, size);

  const whole = createHash('sha256');
  const parts: Part[] = [];
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    onProgress?.(done, size);
  };
  do {
    const start = done;
    const range = { start, end: Math.min(start + partBytes, size) - 1 };
    parts.push(await writePart(file, { range, target: join(outputDirectory, partName(name, parts.length)), whole, onBytes }));
    if (done === start) break;
  } while (done < size);
  const list: PartList = { name, size: done, sha256: whole.digest('hex'), parts };
  const script = join(outputDirectory, mergeScriptName(name));
  await writeWhole(script, mergeScript(list));
  await writeWhole(partsFile, `${JSON.stringify(list, null, 2)}\n`);
  return { ...list, partsFile, script };
}

interface PartWrite {
  range: { start: number; end: number };
  target: string;
  whole: Hash;
  onBytes: (bytes: number) => void;
}

async function writePart(file: string, { range, target, whole, onBytes }: PartWrite): Promise<Part> {
  const hash = createHash('sha256');
  let size = 0;
  const count = (bytes: number) => {
    size += bytes;
    onBytes(bytes);
  };
  const source = range.end < range.start ? [] : createReadStream(file, { ...range, highWaterMark: CHUNK_BYTES });
  await pipeline(source, tap([whole, hash], count), createWriteStream(target, { flush: true }));
  return { name: basename(target), size, sha256: hash.digest('hex') };
}

async function writeWhole(file: string, text: string): Promise<void> {
  const temporary = `${file}.partial`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}

async function removeOldParts(directory: string, bundle: string): Promise<void> {
  for (const name of [`${bundle}.parts.json`, mergeScriptName(bundle)]) await rm(join(directory, name), { force: true });
  for (const name of await readdir(directory)) {
    if (isPartName(bundle, name)) await rm(join(directory, name));
  }
}
