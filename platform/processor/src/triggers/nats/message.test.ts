import { expect, it } from 'vitest';
import { placeOf } from './message.ts';

const NAMES = '.orders.reader.';

it('finds where a message stands in its stream', () => {
  const place = placeOf('$JS.ACK.orders.reader.2.71.9.1700000000123456789.4', NAMES);

  expect(place).toEqual({ sequence: 71, timestamp: 1_700_000_000_123 });
});

it('finds where a message stands where the server names its domain and account', () => {
  const place = placeOf('$JS.ACK.hub.Ax3bD.orders.reader.1.7.3.1700000000123456789.0.random', NAMES);

  expect(place).toEqual({ sequence: 7, timestamp: 1_700_000_000_123 });
});
