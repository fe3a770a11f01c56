import { expect, it } from 'vitest';
import type { Event } from '../../engine/event.ts';
import { encodeEvent, encodeHeader, frameKind, HEADER } from '../../engine/frames.ts';
import { makeRing, RingReader, RingWriter } from '../../engine/ring.ts';
import { Inbox } from './inbox.ts';

const event: Event = { trigger: 0, timestamp: 0, method: 'POST', target: '/', head: '', body: Buffer.from('x') };

function encodeStub(buffer: Buffer, at: number, _: number, sequence: number): number {
  encodeHeader(buffer, at, at + HEADER, sequence, frameKind.outside, 0, 0);
  return at + HEADER;
}

it('does not wait in the ring for a frame that only a message can bring', () => {
  const memory = makeRing(4096);
  const writer = new RingWriter(memory);
  const inbox = new Inbox(new RingReader(memory), new Int32Array(new SharedArrayBuffer(4)));
  writer.write(encodeStub, 0, undefined);
  writer.write(encodeEvent, 1, event);
  writer.publish();

  expect(inbox.take()).toBeUndefined();
  expect(inbox.hasMore).toBe(false);
  expect(inbox.linger(60_000)).toBe(false);

  const frame = Buffer.alloc(100);
  inbox.receive(frame.subarray(0, encodeEvent(frame, 0, frame.length, 0, event)));
  expect([inbox.take()?.sequence, inbox.take()?.sequence]).toEqual([0, 1]);
  expect(inbox.hasMore).toBe(false);
});
