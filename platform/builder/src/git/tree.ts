import { setImmediate } from 'node:timers/promises';
import { MAX_SOURCE_FILES } from '@ampoule/platform-api/source-archive';
import type { GitObject } from './pack.ts';

type Objects = ReadonlyMap<string, GitObject>;

export interface TreeFile {
  path: string;
  isProgram: boolean;
  content: Buffer;
}

export interface Wanted {
  /** The names on the way to the folder; all of them when empty. */
  workDir: readonly string[];
  signal: AbortSignal;
}

interface Entry {
  mode: number;
  path: string;
  id: string;
}

/** Folders can hold each other, so that a few of them are endlessly many. */
const MAX_ENTRIES = 4 * MAX_SOURCE_FILES;
/** https://man7.org/linux/man-pages/man3/realpath.3.html: PATH_MAX */
const MAX_PATH_LENGTH = 4096;
const MAX_TAGS = 10;
const ID_BYTES = 20;
const MODE_LENGTH = 6;
const TYPE_BITS = 0o170000;
const FOLDER = 0o040000;
/** Links and submodules are something else. */
const FILE = 0o100000;
const PROGRAM_BITS = 0o111;
const AT_A_TIME = 256;

/** The files of a commit, or of what a tag names, that lie in a folder, by their paths from the top. Nothing else is looked at. */
export async function* filesIn(objects: Objects, id: string, { workDir, signal }: Wanted): AsyncGenerator<TreeFile> {
  const count = counter(signal);
  const folder = await folderOf(objects, treeIdOf(objects, id), { workDir, count });
  const waiting = folder === undefined ? [] : [entriesOf(objects, folder)];
  for (let entries = waiting.at(-1); entries !== undefined; entries = waiting.at(-1)) {
    const { value: entry, done } = entries.next();
    if (done === true) {
      waiting.pop();
      continue;
    }
    await count();
    if (typeOf(entry) === FOLDER) waiting.push(entriesOf(objects, entry));
    if (typeOf(entry) !== FILE) continue;
    yield { path: entry.path, isProgram: (entry.mode & PROGRAM_BITS) !== 0, content: contentOf(objects, entry.id, 'blob') };
  }
}

/** Called for each entry that is looked at; throws where there are too many of them, or nobody wants them any more. */
function counter(signal: AbortSignal): () => Promise<void> {
  let seen = 0;
  return async () => {
    seen += 1;
    if (seen > MAX_ENTRIES) throw new Error(`it holds more than ${MAX_ENTRIES} files and folders`);
    // Others get their turn.
    if (seen % AT_A_TIME === 0) await setImmediate();
    signal.throwIfAborted();
  };
}

function treeIdOf(objects: Objects, from: string): string {
  let id = from;
  for (let tags = 0; tags <= MAX_TAGS; tags += 1) {
    const object = objects.get(id);
    const text = object?.type === 'tag' || object?.type === 'commit' ? object.content.toString('latin1') : '';
    // https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_git_commit_objects
    const [, kind, next = ''] = /^(tree|object) ([0-9a-f]{40})\n/.exec(text) ?? [];
    if (kind === 'tree') return next;
    id = next;
  }
  throw new Error('it names no commit');
}

/** Goes down to a folder, by nothing but what its path names. */
async function folderOf(
  objects: Objects,
  top: string,
  { workDir, count }: { workDir: readonly string[]; count: () => Promise<void> },
): Promise<Entry | undefined> {
  let folder: Entry | undefined = { mode: FOLDER, path: '', id: top };
  for (const name of workDir) {
    const path: string = pathIn(folder, name);
    let found: Entry | undefined;
    for (const entry of entriesOf(objects, folder)) {
      await count();
      if (entry.path === path && typeOf(entry) === FOLDER) found = entry;
    }
    if (found === undefined) return undefined;
    folder = found;
  }
  return folder;
}

/** What a folder holds: its mode, a space, its name, a zero and the 20 bytes of its id, for each. */
function* entriesOf(objects: Objects, folder: Entry): Generator<Entry> {
  const content = contentOf(objects, folder.id, 'tree');
  for (let at = 0; at < content.length; ) {
    const end = content.indexOf(0, at);
    const next = end + 1 + ID_BYTES;
    if (end - at > MODE_LENGTH + 1 + MAX_PATH_LENGTH) throw new Error('a path in it is too long');
    const [, mode = '', name] = end < 0 ? [] : (/^([0-7]+) ([^/]+)$/s.exec(content.toString('utf8', at, end)) ?? []);
    if (name === undefined || next > content.length || name === '.' || name === '..') throw new Error('a folder in it is broken');
    const path = pathIn(folder, name);
    if (path.length > MAX_PATH_LENGTH) throw new Error('a path in it is too long');
    yield { mode: Number.parseInt(mode, 8), path, id: content.toString('hex', end + 1, next) };
    at = next;
  }
}

function typeOf({ mode }: Entry): number {
  return mode & TYPE_BITS;
}

function pathIn({ path }: Entry, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

function contentOf(objects: Objects, id: string, type: GitObject['type']): Buffer {
  const object = objects.get(id);
  if (object?.type !== type) throw new Error(`the server did not send ${type} ${id}`);
  return object.content;
}
