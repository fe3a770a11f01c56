import { MAX_SOURCE_BYTES } from '@ampoule/platform-api/source-archive';

const MIB = 1 << 20;
/** What a source may have at the first try, and at the next ones. Most are small. */
const SIZES = [MIB, 8 * MIB, MAX_SOURCE_BYTES] as const;
/** A source is there as it came, unpacked, as files, as tar and as layer, with what is not collected yet. */
const PEAK = 5.5;
/** One source of the largest size, and two layers of such that wait for their commands. */
const USUAL_BYTES = (PEAK + 2) * MAX_SOURCE_BYTES;

/** What a build may take for its source. */
export interface Room {
  maxBytes: number;
  /** The source is a layer of so many bytes now, and nothing else of it is needed any more. */
  keepOnly: (bytes: number) => void;
}

/** A source has more than its room. */
export class RoomTooSmall extends Error {}

/** What is thrown where a source has more than so many bytes. */
export function tooLarge(maxBytes: number, message = `it is larger than ${MAX_SOURCE_BYTES >> 20} MiB`): Error {
  return maxBytes < MAX_SOURCE_BYTES ? new RoomTooSmall(message) : new Error(message);
}

interface Waiting {
  bytes: number;
  enter: () => void;
}

/**
 * The memory that all builds may have for their sources. Nobody knows how large a source is before it is read, so each is read with a small room
 * first, which waits for nobody: as many builds as there can be have it at the same time. What does not fit gives all back, waits for a larger
 * room, and is read again. So nobody waits with something in hand, and who is slow to send is in the way of large ones alone.
 */
export class Rooms {
  readonly #waiting: Waiting[] = [];
  #free: number;

  constructor(bytes = USUAL_BYTES) {
    this.#free = bytes;
  }

  /** Does a task in the smallest room in which it can be done. */
  async within<Result>(signal: AbortSignal, task: (room: Room) => Promise<Result>): Promise<Result> {
    const [first, ...others] = SIZES;
    try {
      return await task({ maxBytes: first, keepOnly: () => undefined });
    } catch (error) {
      let reason = error;
      for (const maxBytes of others) {
        if (!(reason instanceof RoomTooSmall)) break;
        try {
          return await this.#inLarger(maxBytes, signal, task);
        } catch (next) {
          reason = next;
        }
      }
      throw reason;
    }
  }

  async #inLarger<Result>(maxBytes: number, signal: AbortSignal, task: (room: Room) => Promise<Result>): Promise<Result> {
    let held = maxBytes * PEAK;
    await this.#take(held, signal);
    const keepOnly = (bytes: number) => {
      this.#giveBack(held - bytes);
      held = bytes;
    };
    try {
      return await task({ maxBytes, keepOnly });
    } finally {
      keepOnly(0);
    }
  }

  /** In the order in which they come: a large one would wait for ever where others went before it. */
  async #take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { bytes, enter: resolve };
    const leave = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason);
      this.#letIn();
    };
    this.#waiting.push(waiting);
    signal.addEventListener('abort', leave, { once: true });
    this.#letIn();
    await promise.finally(() => signal.removeEventListener('abort', leave));
  }

  #giveBack(bytes: number): void {
    this.#free += bytes;
    this.#letIn();
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.bytes <= this.#free; next = this.#waiting[0]) {
      this.#free -= next.bytes;
      this.#waiting.shift();
      next.enter();
    }
  }
}
