import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';
import { RoomQueue } from './room-queue.ts';

const MIB = 1 << 20;
/** What a source may have at the first try, and at the next ones. Most are small. */
const SIZES = [MIB, 8 * MIB, MAX_SOURCE_BYTES] as const;
/** A source is there as it came, unpacked, as files, as tar and as layer, with what is not collected yet. */
const PEAK = 5.5;
/** One source of the largest size, and two layers of such that wait for their commands. */
const USUAL_BYTES = (PEAK + 2) * MAX_SOURCE_BYTES;
/** What the commands of one build may leave, gzipped: more than its agent sends. */
export const MAX_RESULT_BYTES = 160 * MIB;

/** What so many builds at a time have in memory at most. */
export function bytesOfAll(builds: number): number {
  return builds * PEAK * SIZES[0] + USUAL_BYTES + MAX_RESULT_BYTES;
}

/** What a build may take for its source. */
export interface Room {
  maxBytes: number;
  /** The source is a layer of so many bytes now, and nothing else of it is needed any more. */
  keepOnly: (bytes: number) => void;
  /** Waits until there is room for what the commands left. */
  forResult: (bytes: number) => Promise<void>;
}

/** A source has more than its room. */
export class RoomTooSmall extends Error {}

/** What is thrown where a source has more than so many bytes. */
export function tooLarge(maxBytes: number, message = `it is larger than ${MAX_SOURCE_BYTES >> 20} MiB`): Error {
  return maxBytes < MAX_SOURCE_BYTES ? new RoomTooSmall(message) : new Error(message);
}

/**
 * The memory that all builds may have for their sources. Nobody knows how large a source is before it is read, so each is read with a small room
 * first, which waits for nobody: as many builds as there can be have it at the same time. What does not fit gives all back, waits for a larger
 * room, and is read again. So nobody waits for it with something in hand, and who is slow to send is in the way of large ones alone.
 * Who waits with a result to come has a layer in hand, so results have room of their own, for which no source waits.
 */
export class Rooms {
  readonly #sources: RoomQueue;
  readonly #results = new RoomQueue(MAX_RESULT_BYTES);

  constructor(bytes = USUAL_BYTES) {
    this.#sources = new RoomQueue(bytes);
  }

  /** Does a task in the smallest room in which it can be done. */
  async within<Result>(signal: AbortSignal, task: (room: Room) => Promise<Result>): Promise<Result> {
    const [first, ...others] = SIZES;
    let resultBytes = 0;
    const forResult = async (bytes: number) => {
      await this.#results.take(bytes, signal);
      resultBytes += bytes;
    };
    try {
      return await task({ maxBytes: first, keepOnly: () => undefined, forResult });
    } catch (error) {
      let reason = error;
      for (const maxBytes of others) {
        if (!(reason instanceof RoomTooSmall)) break;
        try {
          return await this.#inLarger(maxBytes, signal, (room) => task({ ...room, forResult }));
        } catch (next) {
          reason = next;
        }
      }
      throw reason;
    } finally {
      this.#results.giveBack(resultBytes);
    }
  }

  async #inLarger<Result>(
    maxBytes: number,
    signal: AbortSignal,
    task: (room: Omit<Room, 'forResult'>) => Promise<Result>,
  ): Promise<Result> {
    const bytes = maxBytes * PEAK;
    await this.#sources.take(bytes, signal);
    let giveBack = () => this.#sources.giveBack(bytes);
    const keepOnly = (kept: number) => {
      giveBack = this.#sources.keepOf(bytes, kept);
    };
    try {
      return await task({ maxBytes, keepOnly });
    } finally {
      giveBack();
    }
  }
}
