import { readdir, stat } from 'node:fs/promises';
import { AmpouleError, codeOf } from '@ampoule/lib/errors';
import { partsError } from './errors.ts';
import { isPartName, type Part, type PartList, pathOf } from './list.ts';

const COPY_AGAIN = 'Copy it again from its medium, or from where the bundle was split.';

/** What can be told of the parts from names and sizes alone: every problem at once, and the parts that are worth reading. */
export async function inspectParts(list: PartList, directory: string): Promise<{ problems: AmpouleError[]; readable: Part[] }> {
  const sizes = await Promise.all(list.parts.map((part) => sizeOf(pathOf(directory, part))));
  const missing = list.parts.filter((_, i) => sizes[i] === undefined);
  const problems = missing.length === 0 ? [] : [missingParts(missing, list, directory)];
  for (const [i, part] of list.parts.entries()) {
    const actual = sizes[i];
    if (actual !== undefined && actual !== part.size) problems.push(truncated(pathOf(directory, part), part.size, actual));
  }
  const listed = new Set(list.parts.map(({ name }) => name));
  const foreign = (await readdir(directory)).filter((name) => isPartName(list.name, name) && !listed.has(name)).sort();
  return {
    problems: [...problems, ...foreign.map((name) => foreignPart(name, list, directory))],
    readable: list.parts.filter((part, i) => sizes[i] === part.size),
  };
}

/** A part whose bytes are not what the list says; tells when they are those of another part. */
export function corruptPart(part: Part, actual: string, { list, directory }: { list: PartList; directory: string }): AmpouleError {
  const other = list.parts.find(({ sha256 }) => sha256 === actual);
  return partsError('AMP_PART_CORRUPT', {
    what: `${pathOf(directory, part)} is damaged`,
    why: other === undefined ? `its sha256 is ${actual}, it should be ${part.sha256}` : `it holds the content of ${other.name}`,
    fix: COPY_AGAIN,
  });
}

export function corruptWhole(list: PartList, actual: string): AmpouleError {
  return partsError('AMP_PART_CORRUPT', {
    what: `${list.name} merged of its parts is damaged`,
    why: `its sha256 is ${actual}, it should be ${list.sha256}`,
    fix: 'Copy the list of parts and every part again: the list does not belong to these parts.',
  });
}

export function truncated(file: string, expected: number, actual: number): AmpouleError {
  return partsError('AMP_PART_TRUNCATED', {
    what: `${file} has ${actual} bytes, it should have ${expected}`,
    why: actual < expected ? 'the copy was cut short' : 'it is not the file that was split',
    fix: COPY_AGAIN,
  });
}

/** One error out of several, under the code of the first. */
function combine(first: AmpouleError, others: readonly AmpouleError[]): AmpouleError {
  if (others.length === 0) return first;
  const all = [first, ...others];
  return new AmpouleError({
    code: first.code,
    what: `${all.length} problems with the parts`,
    why: `\n${all.map(({ code, message }) => `  ${code} ${message}`).join('\n')}`,
    fix: [...new Set(all.map(({ fix }) => fix))].join(' '),
  });
}

/** @throws the problems as one error, when there are any */
export function throwAll([first, ...others]: readonly AmpouleError[]): void {
  if (first !== undefined) throw combine(first, others);
}

function missingParts(missing: readonly Part[], list: PartList, directory: string): AmpouleError {
  const count = `${missing.length} of ${list.parts.length} parts ${missing.length === 1 ? 'is' : 'are'}`;
  return partsError('AMP_PART_MISSING', {
    what: `${count} not in ${directory}`,
    why: missing.map(({ name }) => name).join(', '),
    fix: 'Copy every part and the list of parts into one folder.',
  });
}

function foreignPart(name: string, list: PartList, directory: string): AmpouleError {
  return partsError('AMP_PART_FOREIGN', {
    what: `${name} in ${directory} does not belong to this bundle`,
    why: `${list.name}.parts.json lists ${list.parts.length} parts, up to ${list.parts.at(-1)?.name}`,
    fix: 'Keep the parts of each split in a folder of their own.',
  });
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
