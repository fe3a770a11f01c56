import { invokerError } from '../errors.ts';
import { storeFull } from '../store/failures.ts';
import { Part, type Room } from './room.ts';

export interface BodyLimits {
  maxBytes: number;
  /** What the bodies of all requests may hold together. */
  room: Room;
}

/**
 * Uses the body of a request, which has its part of the room until then.
 * @throws AMP_INVOKER_BODY_TOO_LARGE, AMP_INVOKER_FULL
 */
export async function withBody<T>(
  request: AsyncIterable<Buffer>,
  { maxBytes, room }: BodyLimits,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  const part = new Part(room);
  try {
    return await use(await wholeOf(request, maxBytes, part));
  } finally {
    part.giveBack();
  }
}

/** In a function of its own, with which the pieces go: the body takes its room once while it is used. */
async function wholeOf(request: AsyncIterable<Buffer>, maxBytes: number, part: Part): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  let isKept = true;
  // What is refused is read and forgotten: many callers look for an answer only when they have sent everything.
  for await (const chunk of request) {
    length += chunk.length;
    isKept &&= length <= maxBytes && part.take(chunk.length);
    if (isKept) {
      chunks.push(chunk);
    } else {
      chunks.length = 0;
      part.giveBack();
    }
  }
  if (length > maxBytes) throw tooLarge(length, maxBytes);
  if (!isKept) throw storeFull('more comes in at once than there is memory for');
  return Buffer.concat(chunks);
}

function tooLarge(length: number, maxBytes: number) {
  return invokerError('AMP_INVOKER_BODY_TOO_LARGE', {
    what: `The body has ${length} bytes, and an asynchronous invocation takes ${maxBytes}`,
    fix: 'Send a smaller body, or put the data where the function can fetch it.',
  });
}
