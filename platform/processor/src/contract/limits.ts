import type { Row } from './row.ts';

/** Attributes of the trigger that the table is for. */
export const limitAttributes = { maxRequestBodySize: 100, readBufferSize: 2048 };

const whole = Buffer.alloc(limitAttributes.maxRequestBodySize, 'x');
const chunked = { 'transfer-encoding': 'chunked' };

/** Requests at the limits and beyond. */
export const limits: readonly Row[] = [
  { shows: 'a body of the largest size', sent: { path: '/echo', body: whole }, expected: { status: 200, body: whole } },
  {
    shows: 'status 413 to a body of one byte more',
    sent: { path: '/echo', body: Buffer.concat([whole, Buffer.of(1)]) },
    expected: { status: 413 },
  },
  {
    shows: 'a body of the largest size that comes in chunks',
    sent: { path: '/echo', headers: chunked, body: whole },
    expected: { status: 200, body: whole },
  },
  {
    shows: 'status 413 to a body in chunks of one byte more',
    sent: { path: '/echo', headers: chunked, body: Buffer.concat([whole, Buffer.of(1)]) },
    expected: { status: 413 },
  },
  {
    shows: 'headers that are large but not too large',
    sent: { path: '/text', headers: { 'x-large': 'y'.repeat(1800) } },
    expected: { status: 200, body: 'grüße €' },
  },
  {
    shows: 'status 431 to headers that are too large',
    sent: { path: '/text', headers: { 'x-large': 'y'.repeat(limitAttributes.readBufferSize + 100) } },
    expected: { status: 431 },
  },
  { shows: 'the next request after all these', sent: { path: '/text' }, expected: { status: 200, body: 'grüße €' } },
];
