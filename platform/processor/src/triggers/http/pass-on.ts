import type { Writable } from 'node:stream';
import type { PieceStream } from '../../engine/piece-stream.ts';
import { Queue } from '../../engine/queue.ts';

/** Longer than a client that is there takes nothing. The kernel may tell only after a megabyte that it has taken anything. */
export const MOST_QUIET_MS = 60_000;
/** Bytes that are written at a time, so that of a large piece it shows too whether the client takes it. */
const MOST_WRITTEN = 65_536;

export interface PassOnOptions {
  /** It is destroyed where the body breaks off, or the client takes nothing for too long. */
  client: Writable;
  timeoutMs: number;
  write(bytes: Uint8Array, taken: () => void): void;
  /** Called when all of it is taken. */
  end(): void;
}

/** Passes the body of an answer on in pieces, no faster than the client takes them. */
export function passOn(stream: PieceStream, { client, timeoutMs, write, end }: PassOnOptions): void {
  const waiting = new Queue<Uint8Array>();
  let timer: NodeJS.Timeout | undefined;
  let isWhole = false;
  const stopTimer = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const onClose = () => {
    stopTimer();
    stream.abort();
  };
  const writeNext = () => {
    stopTimer();
    if (client.destroyed) return;
    const bytes = waiting.shift();
    if (bytes !== undefined) {
      timer = setTimeout(() => client.destroy(), timeoutMs);
      write(bytes, () => {
        stream.consumed(bytes.length);
        writeNext();
      });
    } else if (isWhole) {
      client.off('close', onClose);
      end();
    }
  };
  client.once('close', onClose);
  stream.read({
    chunk(bytes) {
      for (let at = 0; at < bytes.length; at += MOST_WRITTEN) waiting.push(bytes.subarray(at, at + MOST_WRITTEN));
      if (timer === undefined) writeNext();
    },
    end(error) {
      isWhole = true;
      // The client must not take what it has for the whole.
      if (error !== undefined) client.destroy();
      else if (timer === undefined) writeNext();
    },
  });
}
