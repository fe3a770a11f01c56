import { expect, it } from 'vitest';
import { headLine } from './head.ts';

it.each([
  ['X-Plain', 'a value', 'X-Plain: a value\r\n'],
  ['cloudEvents:id', '1', 'cloudEvents_id: 1\r\n'],
  ['a b', 'x\r\nset-cookie: y', 'a_b: x set-cookie: y\r\n'],
  ['city', 'Zürich', `city: ${Buffer.from('Zürich').toString('latin1')}\r\n`],
])('makes a line of the name %j and the value %j that cannot become two', (name, value, line) => {
  expect(headLine(name, value)).toBe(line);
});
