import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AmpouleError, codeOf } from '@ampoule/lib/errors';
import { partsError } from './errors.ts';
import { type Part, type PartList, type Progress, pathOf, readPartList } from './list.ts';
import { corruptPart, corruptWhole, inspectParts, throwAll } from './problems.ts';
import { CHUNK_BYTES, ensureSpace, nowhere, tap } from './stream.ts';

export interface MergeOptions {
  /** `NAME.parts.json`; the parts lie beside it. */
  partsFile: string;
  /** The merged bundle; it appears there only when it is whole and checked. */
  output: string;
  onProgress?: Progress | undefined;
}

/**
 * Merges parts into the bundle that they were split from, checking each part and the whole while copying.
 * @throws AMP_PART_MISSING, AMP_PART_TRUNCATED, AMP_PART_CORRUPT, AMP_PART_FOREIGN, AMP_PART_SPACE, AMP_INPUT_INVALID
 */
export async function mergeParts({ partsFile, output, onProgress }: MergeOptions): Promise<PartList> {
  const { list, directory } = await readPartList(partsFile);
  throwAll((await inspectParts(list, directory)).problems);
  await ensureSpace(dirname(output), list.size);
  const temporary = `${output}.partial`;
  try {
    await (await open(temporary, 'w')).close();
    const append = () => createWriteStream(temporary, { flags: 'a', flush: true });
    throwAll(await readParts({ list, directory, parts: list.parts, onProgress, sink: append, stopAtFirst: true }));
    await rename(temporary, output);
  } catch (error) {
    await rm(temporary, { force: true });
    if (codeOf(error) !== 'ENOSPC') throw error;
    throw partsError('AMP_PART_SPACE', {
      what: `The disk of ${output} became full`,
      fix: `Free ${list.size} bytes there, then merge again: nothing was kept.`,
      cause: error,
    });
  }
  return list;
}

/**
 * Checks parts and the whole as a merge would, without writing. Gives every problem; an empty list means that all is good.
 * @throws AMP_PART_MISSING when there is no list of parts, AMP_INPUT_INVALID
 */
export async function verifyParts(partsFile: string, onProgress?: Progress): Promise<AmpouleError[]> {
  const { list, directory } = await readPartList(partsFile);
  const { problems, readable } = await inspectParts(list, directory);
  return [...problems, ...(await readParts({ list, directory, parts: readable, onProgress, sink: nowhere, stopAtFirst: false }))];
}

interface PartsRead {
  list: PartList;
  directory: string;
  parts: readonly Part[];
  /** Where a part's bytes go. */
  sink: () => Writable;
  stopAtFirst: boolean;
  onProgress: Progress | undefined;
}

/** The problems found in the bytes of the parts, and of the whole when all of it was read and no part is to blame. */
async function readParts({ list, directory, parts, sink, stopAtFirst, onProgress }: PartsRead): Promise<AmpouleError[]> {
  const whole = createHash('sha256');
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  const problems: AmpouleError[] = [];
  let done = 0;
  for (const part of parts) {
    const hash = createHash('sha256');
    const count = (bytes: number) => {
      done += bytes;
      onProgress?.(done, total);
    };
    await pipeline(createReadStream(pathOf(directory, part), { highWaterMark: CHUNK_BYTES }), tap([whole, hash], count), sink());
    const sha256 = hash.digest('hex');
    if (sha256 !== part.sha256) problems.push(corruptPart(part, sha256, { list, directory }));
    if (stopAtFirst && problems.length > 0) return problems;
  }
  const sha256 = whole.digest('hex');
  if (problems.length === 0 && parts.length === list.parts.length && sha256 !== list.sha256) problems.push(corruptWhole(list, sha256));
  return problems;
}
