import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { partsError } from './errors.ts';

const size = z.int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
/** Names become paths, so they must stay in the folder of the list. */
const fileName = z
  .string()
  .regex(/^[^/\\\0]+$/, 'must be the name of a file, without a folder')
  .refine((name) => name !== '.' && name !== '..');

/** `NAME.parts.json`. It guards against accidents of copying; against malice there is the signature inside the bundle. */
const partListSchema = z
  .strictObject({
    /** The bundle that was split. */
    name: fileName,
    size,
    sha256,
    parts: z.array(z.strictObject({ name: fileName, size, sha256 })).min(1),
  })
  .refine((list) => list.parts.reduce((sum, part) => sum + part.size, 0) === list.size, {
    path: ['size'],
    error: 'must be the sum of all parts',
  })
  .refine((list) => new Set(list.parts.map(({ name }) => name)).size === list.parts.length, {
    path: ['parts'],
    error: 'must have different names',
  });

export type PartList = z.output<typeof partListSchema>;
export type Part = PartList['parts'][number];

/** Where bytes copied or checked so far are told. */
export type Progress = (doneBytes: number, totalBytes: number) => void;

/** Reads a list of parts and where they lie. @throws AMP_PART_MISSING, AMP_INPUT_INVALID */
export async function readPartList(partsFile: string): Promise<{ list: PartList; directory: string }> {
  const text = await readFile(partsFile, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw partsError('AMP_PART_MISSING', {
      what: `There is no list of parts ${partsFile}`,
      fix: 'Give the path of the file that ends in .parts.json; it lies on the medium of the first part.',
      cause,
    });
  });
  return { list: parseJson(partListSchema, text, basename(partsFile)), directory: dirname(partsFile) };
}

/** `appliance.tar.part-001` and so on. */
export function partName(bundle: string, index: number): string {
  return `${bundle}.part-${String(index + 1).padStart(3, '0')}`;
}

/** Whether a file carries the name of a part of this bundle. */
export function isPartName(bundle: string, name: string): boolean {
  return name.startsWith(`${bundle}.part-`) && /^\d{3,}$/.test(name.slice(`${bundle}.part-`.length));
}

export function pathOf(directory: string, { name }: Part): string {
  return join(directory, name);
}
