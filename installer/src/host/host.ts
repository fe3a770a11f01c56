import { accessSync, constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@ampoule/lib/errors';
import { type ExecOptions, type ExecResult, tryExec } from '@ampoule/lib/exec';
import { type LiveState, liveState } from './live.ts';

export interface FileInfo {
  type: 'file' | 'directory' | 'link' | 'other';
  size: number;
  /** Permission bits only. */
  mode: number;
}

export interface Space {
  freeBytes: number;
  totalBytes: number;
  freeInodes: number;
  totalInodes: number;
}

/** The exit code of `run` when the host does not have the program; the one that shells use. */
export const PROGRAM_ABSENT = 127;

/** The only door to the machine. All paths are absolute and are looked up below `root`, so that tests use a folder as a host. */
export interface Host {
  readonly root: string;
  readonly live: LiveState;
  /** Where a path of the host really is. */
  at(path: string): string;
  /** The text of a file, or undefined when there is none. */
  readText(path: string): Promise<string | undefined>;
  readBytes(path: string): Promise<Buffer | undefined>;
  /** The target of a symbolic link, or undefined when there is none. */
  readLink(path: string): Promise<string | undefined>;
  /** The names in a directory; none when it is absent. */
  list(path: string): Promise<string[]>;
  /** What is at a path, without following a link there. */
  stat(path: string): Promise<FileInfo | undefined>;
  exists(path: string): Promise<boolean>;
  writable(path: string): boolean;
  /** The path itself when it exists, else its nearest parent that does. */
  nearest(path: string): Promise<string>;
  space(path: string): Promise<Space>;
  /** The host's path of a program, or undefined. */
  which(program: string): Promise<string | undefined>;
  /** Runs a program of the host; code 127 when it is absent. Default time limit 5 s. */
  run(program: string, args: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  write(path: string, text: string): Promise<void>;
  /** Removes a file, link or tree; true when there was something. */
  remove(path: string): Promise<boolean>;
  /** Removes a directory if it is empty; true when it did. Control groups are removed so, too. */
  removeDirectory(path: string): Promise<boolean>;
}

// Processes and interfaces can vanish between the listing and the reading; some entries of /proc and /sys then give the last three.
const absent = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ENODEV', 'EINVAL']);
const programFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const RUN_TIMEOUT_MS = 5_000;

/** Opens this machine, or a folder that looks like one. */
export function createHost(root = '/', live: LiveState = liveState): Host {
  const at = (path: string) => (root === '/' ? path : join(root, path));
  const stat = (path: string) => unlessAbsent(fs.lstat(at(path)).then(fileInfo));
  const exists = async (path: string) => (await stat(path)) !== undefined;
  const which = async (program: string): Promise<string | undefined> => {
    const candidates = program.startsWith('/') ? [program] : programFolders.map((folder) => `${folder}/${program}`);
    return candidates.find((candidate) => mayAccess(at(candidate), constants.X_OK));
  };
  return {
    root,
    live,
    at,
    stat,
    exists,
    which,
    readText: (path) => unlessAbsent(fs.readFile(at(path), 'utf8')),
    readBytes: (path) => unlessAbsent(fs.readFile(at(path))),
    readLink: (path) => unlessAbsent(fs.readlink(at(path))),
    list: async (path) => (await unlessAbsent(fs.readdir(at(path)))) ?? [],
    writable: (path) => mayAccess(at(path), constants.W_OK),
    async nearest(path) {
      let current = path;
      while (current !== '/' && !(await exists(current))) current = join(current, '..');
      return current;
    },
    async space(path) {
      const { bavail, blocks, bsize, ffree, files } = await fs.statfs(at(path));
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize, freeInodes: ffree, totalInodes: files };
    },
    async run(program, args, options = {}) {
      const found = await which(program);
      if (found === undefined) return { code: PROGRAM_ABSENT, stdout: '', stderr: `${program}: not found` };
      return tryExec(at(found), args, { timeoutMs: RUN_TIMEOUT_MS, ...options });
    },
    write: (path, text) => fs.writeFile(at(path), text),
    async remove(path) {
      if (!(await exists(path))) return false;
      await fs.rm(at(path), { recursive: true, force: true, maxRetries: 3 });
      return true;
    },
    async removeDirectory(path) {
      try {
        await fs.rmdir(at(path));
        return true;
      } catch (error) {
        if (['ENOENT', 'ENOTEMPTY', 'ENOTDIR', 'EBUSY', 'EEXIST'].includes(codeOf(error) ?? '')) return false;
        throw error;
      }
    },
  };
}

async function unlessAbsent<T>(value: Promise<T>): Promise<T | undefined> {
  try {
    return await value;
  } catch (error) {
    if (absent.has(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

function mayAccess(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function fileInfo(stats: Awaited<ReturnType<typeof fs.lstat>>): FileInfo {
  const type = stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other';
  return { type, size: Number(stats.size), mode: Number(stats.mode) & 0o7777 };
}
