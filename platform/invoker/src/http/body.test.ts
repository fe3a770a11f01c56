import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { withBody } from './body.ts';
import { Room } from './room.ts';

const full = { code: 'AMP_INVOKER_FULL' };

/** Takes bodies into a room of 1000 bytes, of 600 bytes at most each. */
function receiver() {
  const room = new Room(1000);
  return (body: PassThrough, use = async (bytes: Uint8Array) => bytes.length) => withBody(body, { maxBytes: 600, room }, use);
}

function bodyOf(...lengths: number[]): PassThrough {
  const body = new PassThrough();
  for (const length of lengths) body.write(Buffer.alloc(length));
  return body;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('is refused where all that come in have no room together, until one of them is taken', async () => {
  const receive = receiver();
  const first = bodyOf(500);
  const taken = receive(first);
  await turn();

  await expect(receive(bodyOf(300, 250).end())).rejects.toMatchObject(full);
  expect(await receive(bodyOf(500).end())).toBe(500);
  first.end();

  expect(await taken).toBe(500);
  expect(await receive(bodyOf(300, 250).end())).toBe(550);
});

it('has its room until it is used', async () => {
  const receive = receiver();
  let done = () => undefined as unknown;
  const used = receive(bodyOf(600).end(), () => new Promise((resolve) => (done = () => resolve(0))));
  await turn();
  await turn();
  await expect(receive(bodyOf(500).end())).rejects.toMatchObject(full);
  done();
  await used;
  expect(await receive(bodyOf(500).end())).toBe(500);
});

it('is held once while it is used: the pieces in which it came are not', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const pieces: WeakRef<Buffer>[] = [];
  async function* body() {
    for (let i = 0; i < 5; i++) {
      const piece = Buffer.alloc(100);
      pieces.push(new WeakRef(piece));
      yield piece;
    }
  }

  const held = await withBody(body(), { maxBytes: 600, room: new Room(1000) }, async () => {
    // What a weak reference was made of stays until the end of the turn.
    await turn();
    collect();
    return pieces.filter((piece) => piece.deref() !== undefined).length;
  });

  expect(held).toBe(0);
});

it('gives its room back when it is broken off, too large or of no use', async () => {
  const receive = receiver();
  const broken = bodyOf(500);
  const refused = receive(broken);
  await turn();
  broken.destroy(new Error('gone'));
  await expect(refused).rejects.toThrow('gone');
  await expect(receive(bodyOf(500, 200).end())).rejects.toMatchObject({ code: 'AMP_INVOKER_BODY_TOO_LARGE' });
  await expect(receive(bodyOf(600).end(), () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  const second = bodyOf(500);
  const taken = receive(second);
  await turn();
  expect(await receive(bodyOf(500).end())).toBe(500);
  second.end();
  expect(await taken).toBe(500);
});
