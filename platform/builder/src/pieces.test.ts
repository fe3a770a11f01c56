import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { piecesOf } from './pieces.ts';

it('a layer is sent in pieces, so that no copy of all of it is made on its way', async () => {
  const bytes = randomBytes(3_500_000);

  const pieces = (await piecesOf(bytes).toArray()) as Buffer[];

  expect(pieces.length).toBeGreaterThan(3);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  expect(pieces.every(({ buffer }) => buffer === bytes.buffer)).toBe(true);
});
