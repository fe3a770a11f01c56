import { AmpouleError, messageOf } from '@ampoule/lib/errors';
import type { LayerEntry } from '@ampoule/lib/oci/layer';
import { MAX_SOURCE_FILES } from '@ampoule/platform-api/source-archive';
import { builderError, type builderErrorCodes } from './errors.ts';
import { RoomTooSmall, tooLarge } from './room.ts';

export type SourceFile = LayerEntry & { path: string };

interface Candidate {
  /** Path where it comes from. */
  name: string;
  isProgram: boolean;
  /** Bytes, where they are known before it is read. */
  bytes?: number;
  read: () => Promise<Buffer>;
}

/** The files of a function out of those of an archive or a repository: of one folder, and not too many. */
export class SourceFiles {
  readonly found: SourceFile[] = [];
  readonly #prefix: string[];
  readonly #outerFolders: number;
  readonly #maxBytes: number;
  #total = 0;

  /** `outerFolders` is how many folders lie around what belongs to the function, whatever their names. */
  constructor({ workDir, maxBytes, outerFolders = 0 }: { workDir: string; maxBytes: number; outerFolders?: number }) {
    this.#prefix = segmentsOf(workDir);
    this.#maxBytes = maxBytes;
    this.#outerFolders = outerFolders;
  }

  /** Takes a file, or leaves it where it lies outside of the folder. Throws where there is too much. */
  async add({ name, isProgram, bytes = 0, read }: Candidate): Promise<void> {
    const segments = segmentsOf(name).slice(this.#outerFolders);
    if (segments.length === 0 || segments.includes('..') || !this.#prefix.every((part, i) => segments[i] === part)) return;
    this.#count(bytes);
    const content = await read();
    this.#count(content.length - bytes);
    this.found.push({ path: segments.slice(this.#prefix.length).join('/'), content, mode: isProgram ? 0o755 : 0o644 });
    if (this.found.length > MAX_SOURCE_FILES) throw new Error(`it holds more than ${MAX_SOURCE_FILES} files`);
  }

  #count(bytes: number): void {
    this.#total += bytes;
    if (this.#total > this.#maxBytes) throw tooLarge(this.#maxBytes);
  }
}

/** Reads the files of a function, or says why what holds them cannot be used. @throws the error that `reason` describes */
export async function filesFrom(
  { workDir, ...reason }: { code: keyof typeof builderErrorCodes; what: string; fix: string; workDir: string | null | undefined },
  read: () => Promise<SourceFile[]>,
): Promise<SourceFile[]> {
  try {
    const files = await read();
    if (files.length === 0) throw new Error(workDir ? `it holds no files in ${workDir}` : 'it holds no files');
    return files;
  } catch (cause) {
    if (cause instanceof AmpouleError || cause instanceof RoomTooSmall) throw cause;
    const { code, ...parts } = reason;
    throw builderError(code, { ...parts, why: messageOf(cause), cause });
  }
}

export function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}
