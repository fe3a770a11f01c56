import type { Answer } from './event.ts';

/** An answer with a text that is the processor's own, not a handler's. */
export function textAnswer(status: number, text = ''): Answer {
  return { status, head: 'content-type: text/plain\r\n', body: Buffer.from(text), duration: 0 };
}
