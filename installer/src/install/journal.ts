import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const recordSchema = z.strictObject({
  at: z.iso.datetime(),
  step: z.string(),
  event: z.enum(['begin', 'done', 'kept', 'failed']),
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
    const handle = await open(this.#file, 'a', 0o600);
    try {
      await handle.write(`${JSON.stringify({ at: new Date().toISOString(), ...record })}\n`);
      await handle.datasync();
    } finally {
      await handle.close();
    }
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

function tryJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
