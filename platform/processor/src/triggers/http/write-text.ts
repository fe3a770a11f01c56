import type { Socket } from 'node:net';

/** What streams of Node.js write with. */
interface Internals {
  WriteWrap: new () => WriteRequest;
  streamBaseState: ArrayLike<number>;
  kLastWriteWasAsync: number;
}

interface WriteRequest {
  oncomplete?: (status: number) => void;
}

interface Handle {
  writeLatin1String(request: WriteRequest, text: string): number;
}

const internals = internalsOfNode();
/** A request that no write is using; mostly all of a text goes out at once, and then its request is free again. */
let spare: WriteRequest | undefined;

/**
 * Writes a text in ISO 8859-1. Where nothing waits to be written, it goes to the handle of the socket itself: the streams in between take as
 * long as all else that is done for a small answer.
 */
export function writeText(socket: Socket, text: string): void {
  const { _handle: handle } = socket as Socket & { _handle: Handle | null };
  if (internals === undefined || handle === null || socket.writableLength > 0) {
    socket.write(text, 'latin1');
    return;
  }
  const request = spare ?? new internals.WriteWrap();
  spare = request;
  const error = handle.writeLatin1String(request, text);
  if (error !== 0) socket.destroy();
  else if (internals.streamBaseState[internals.kLastWriteWasAsync] !== 0) {
    spare = undefined;
    request.oncomplete = (status) => {
      if (status < 0) socket.destroy();
    };
  }
}

/** Undefined where Node.js does not show them, as under its permission model. */
function internalsOfNode(): Internals | undefined {
  const { binding } = process as typeof process & { binding?: (name: string) => Partial<Internals> };
  try {
    const { WriteWrap, streamBaseState, kLastWriteWasAsync } = binding?.('stream_wrap') ?? {};
    const isKnown = WriteWrap !== undefined && streamBaseState !== undefined && kLastWriteWasAsync !== undefined;
    return isKnown ? { WriteWrap, streamBaseState, kLastWriteWasAsync } : undefined;
  } catch {
    return undefined;
  }
}
