import { describe, expect, it } from 'vitest';
import { headWithin, parentOf, parseTraceparent } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const context = { traceId: TRACE, spanId: SPAN, isSampled: true };

describe('a traceparent', () => {
  it.each([
    ['sampled', PARENT, context],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, { ...context, isSampled: false }],
    ['with flags that are not known', `00-${TRACE}-${SPAN}-fb`, context],
    ['of a later version, with more behind', `cc-${TRACE}-${SPAN}-01-what-comes-later`, context],
  ])('%s is read', (_, text, expected) => {
    expect(parseTraceparent(text)).toEqual(expected);
  });

  it.each([
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['of version 00 with more behind', `${PARENT}-more`],
    ['without a trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['without a span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['in capitals', PARENT.toUpperCase()],
    ['that is too short', `00-${TRACE}-${SPAN.slice(1)}-01`],
    ['that is empty', ''],
  ])('%s is not', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

describe('the parent of an event', () => {
  it('is found in a head in any case, with all parts of its state', () => {
    const head = `host: a\r\nTraceParent:  ${PARENT} \r\ntracestate: a=1\r\nTRACESTATE: b=2\r\n`;
    expect(parentOf(head)).toEqual({ ...context, state: 'a=1,b=2' });
    expect(parentOf(Buffer.from(head))).toEqual({ ...context, state: 'a=1,b=2' });
  });

  it('is that of a CloudEvent where the last hop names none', () => {
    const head = `ce-traceparent: ${PARENT}\r\nce-tracestate: a=1\r\n`;
    expect(parentOf(head)).toEqual({ ...context, state: 'a=1' });
    const hop = `00-${TRACE}-${'1'.repeat(16)}-01`;
    expect(parentOf(`${head}traceparent: ${hop}\r\n`)).toEqual({ ...context, spanId: '1'.repeat(16), state: '' });
  });

  it('is none where it is not valid or comes twice, and the state goes with it', () => {
    expect(parentOf(`traceparent: nonsense\r\ntracestate: a=1\r\n`)).toBeUndefined();
    expect(parentOf(`traceparent: ${PARENT}\r\ntraceparent: ${PARENT}\r\n`)).toBeUndefined();
    expect(parentOf('')).toBeUndefined();
  });
});

it('puts the span of an event in place of its parent, and leaves all other headers as they are', () => {
  const head = `host: a\r\ntraceparent: 00-x\r\nx-b: 1\r\nTracestate: old=1\r\nce-traceparent: y\r\n`;
  expect(headWithin(Buffer.from(head), context, 'a=1')).toBe(
    `traceparent: ${PARENT}\r\ntracestate: a=1\r\nhost: a\r\nx-b: 1\r\nce-traceparent: y\r\n`,
  );
  expect(headWithin('', { ...context, isSampled: false }, '')).toBe(`traceparent: 00-${TRACE}-${SPAN}-00\r\n`);
});
