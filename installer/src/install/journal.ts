import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';

const recordSchema = z.strictObject({
  at: z.iso.datetime(),
  step: z.string(),
  event: z.enum(['begin', 'done', 'kept', 'failed', 'undoing', 'undone']),
  /** Of `done`. */
  seconds: z.number().optional(),
  /** Of `failed`: the error's code and text, without secrets. */
  error: z.string().optional(),
});
export type JournalRecord = z.output<typeof recordSchema>;

/** The public record of what the installer did: one JSON document a line, only ever appended, on disk before the step goes on. */
export class Journal {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async append(record: Omit<JournalRecord, 'at'>): Promise<void> {
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    const handle = await open(this.#file, 'a+', 0o600);
    try {
      // A half line that a power cut left must not swallow the line after it.
      const start = (await endsInLine(handle)) ? '' : '\n';
      await handle.writeFile(`${start}${JSON.stringify({ at: new Date().toISOString(), ...record })}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  /** The steps whose work was begun and not ended, since the process was killed in it or it failed, and those that were undone. */
  unfinished(): Promise<Set<string>> {
    return this.#stepsWhoseLast((event) => event !== 'done' && event !== 'kept');
  }

  /** The steps whose undoing was begun and not ended. */
  halfUndone(): Promise<Set<string>> {
    return this.#stepsWhoseLast((event) => event === 'undoing');
  }

  async #stepsWhoseLast(isWanted: (event: JournalRecord['event']) => boolean): Promise<Set<string>> {
    const last = new Map((await this.read()).map(({ step, event }) => [step, event]));
    return new Set([...last].filter(([, event]) => isWanted(event)).map(([step]) => step));
  }

  /** Everything recorded; a last line that a power cut left half written is no record. */
  async read(): Promise<JournalRecord[]> {
    const text = await readFile(this.#file, 'utf8').catch(() => '');
    return text.split('\n').flatMap((line) => {
      const parsed = recordSchema.safeParse(tryJson(line));
      return parsed.success ? [parsed.data] : [];
    });
  }
}

async function endsInLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === '\n';
}

function tryJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
