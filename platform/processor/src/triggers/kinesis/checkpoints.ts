import { open, readFile, rename, rm } from 'node:fs/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import { triggerError } from '../delivery/errors.ts';

const OWNER_ONLY = 0o600;

/** Where reading goes on in a shard. `end`: all of it is handled, and nothing will be added. */
const positionSchema = z.discriminatedUnion('at', [
  z.strictObject({ at: z.literal('beginning') }),
  z.strictObject({ at: z.literal('time'), time: z.number() }),
  z.strictObject({ at: z.literal('after'), sequenceNumber: z.string() }),
  z.strictObject({ at: z.literal('end') }),
]);
export type Position = z.output<typeof positionSchema>;

const fileSchema = z.strictObject({ stream: z.string(), shards: z.record(z.string(), positionSchema) });

/** How far each shard is handled; kept in a file where there is one. */
export class Checkpoints {
  readonly #file: string | undefined;
  readonly #stream: string;
  readonly #positions: Map<string, Position>;
  #changed = false;
  #saving: Promise<void> = Promise.resolve();

  private constructor(file: string | undefined, stream: string, positions: Map<string, Position>) {
    this.#file = file;
    this.#stream = stream;
    this.#positions = positions;
  }

  /** @throws AMP_TRIGGER_CHECKPOINT where there is a file that cannot be used. */
  static async open(file: string | undefined, stream: string): Promise<Checkpoints> {
    if (file === undefined) return new Checkpoints(file, stream, new Map());
    try {
      const known = parseJson(fileSchema, await readFile(file, 'utf8'), file);
      if (known.stream !== stream) throw new Error(`it is of the stream ${known.stream}, not of ${stream}`);
      return new Checkpoints(file, stream, new Map(Object.entries(known.shards)));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return new Checkpoints(file, stream, new Map());
      throw triggerError('AMP_TRIGGER_CHECKPOINT', {
        what: `The checkpoint file ${file} cannot be used`,
        why: messageOf(cause),
        fix: 'Name another file as checkpointFile, or delete this one to begin at iteratorType.',
        cause,
      });
    }
  }

  /** Whether nothing was ever read. */
  get isEmpty(): boolean {
    return this.#positions.size === 0;
  }

  get(shardId: string): Position | undefined {
    return this.#positions.get(shardId);
  }

  set(shardId: string, position: Position): void {
    this.#positions.set(shardId, position);
    this.#changed = true;
  }

  /** Forgets all other shards, which the stream does not have any more. */
  keep(shardIds: ReadonlySet<string>): void {
    for (const shardId of this.#positions.keys()) if (!shardIds.has(shardId)) this.#positions.delete(shardId);
  }

  /** Writes what has changed; the file is whole at any time. */
  save(): Promise<void> {
    const saving = this.#saving.then(() => this.#write());
    this.#saving = saving.catch(() => undefined);
    return saving;
  }

  async #write(): Promise<void> {
    if (this.#file === undefined || !this.#changed) return;
    this.#changed = false;
    const beside = `${this.#file}.${process.pid}`;
    try {
      const handle = await open(beside, 'w', OWNER_ONLY);
      try {
        await handle.writeFile(JSON.stringify({ stream: this.#stream, shards: Object.fromEntries(this.#positions) }));
        // Else a power cut could leave the new name with nothing in it.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(beside, this.#file);
    } catch (cause) {
      this.#changed = true;
      await rm(beside, { force: true });
      throw triggerError('AMP_TRIGGER_CHECKPOINT', {
        what: `The checkpoint file ${this.#file} cannot be written`,
        why: messageOf(cause),
        fix: 'Name a file as checkpointFile that the function may write, on a volume that outlives it.',
        cause,
      });
    }
  }
}
