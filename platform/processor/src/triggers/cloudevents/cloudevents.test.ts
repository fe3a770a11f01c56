import { describe, expect, it } from 'vitest';
import type { Event, EventAttributes } from '../../engine/event.ts';
import { textOf } from '../delivery/testing.ts';
import { decodeCloudEvents } from './cloudevents.ts';

const TIME = '2026-01-31T10:20:30.5+01:00';
const TIMESTAMP = Date.parse(TIME);

function eventOf(headers: Record<string, string>, body: string | object = '', attributes?: EventAttributes): Event {
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { trigger: 1, timestamp: 7, method: 'POST', target: '/x', head: head.join(''), body: bytes, attributes };
}

const seen = { id: 'i1', type: 'order.new', version: '1.0', url: '/shop' };

function headersWith(prefix: string): Record<string, string> {
  const context = { specversion: '1.0', id: 'i1', source: '/shop', type: 'order.new', time: TIME, subject: 's' };
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [`${prefix}${name}`, value]));
}

describe('decodeCloudEvents of an event in headers', () => {
  it.each([
    ['HTTP', 'ce-', undefined],
    ['HTTP in any case', 'Ce-', undefined],
    ['Kafka', 'ce_', { topic: 'orders', contentType: 'application/json', offset: 5 }],
    ['AMQP', 'cloudEvents_', { topic: 'orders', contentType: 'application/json' }],
    ['MQTT 5', '', { topic: 'orders', contentType: 'application/json' }],
  ])('reads that of %s', (_, prefix, attributes) => {
    const event = eventOf({ ...headersWith(prefix), other: 'kept' }, '{"a":1}', attributes);

    const decoded = decodeCloudEvents(event) ?? [];

    expect(decoded).toHaveLength(1);
    expect(decoded[0]).toMatchObject({ trigger: 1, timestamp: TIMESTAMP, method: 'POST', target: '/x', body: event.body });
    expect(decoded[0]?.attributes).toEqual({ ...attributes, ...seen });
    expect(decoded[0]?.head).toBe(
      `ce-specversion: 1.0\r\nce-id: i1\r\nce-source: /shop\r\nce-type: order.new\r\nce-time: ${TIME}\r\nce-subject: s\r\nother: kept\r\n`,
    );
  });

  it('reads a head that is bytes', () => {
    const event = { ...eventOf(headersWith('ce-')), head: Buffer.from(String(eventOf(headersWith('ce-')).head)) };

    expect(decodeCloudEvents(event)?.[0]?.attributes).toEqual(seen);
  });

  it('decodes text that HTTP cannot carry', () => {
    const event = eventOf({ ...headersWith('ce-'), 'ce-id': '"a \\"b\\""', 'ce-source': '/Z%C3%BCrich', 'ce-type': '50%' });

    expect(decodeCloudEvents(event)?.[0]?.attributes).toMatchObject({ id: 'a "b"', url: '/Zürich', type: '50%' });
  });

  it('reads the version that Nuclio knows, and leaves its headers as they are', () => {
    const event = eventOf({
      'Content-Type': 'text/plain',
      'CE-CloudEventsVersion': '0.1',
      'CE-EventType': 'order.new',
      'CE-EventTypeVersion': '1.5',
      'CE-EventID': 'i1',
      'CE-EventTime': TIME,
      'CE-Source': '/shop',
    });

    const [decoded] = decodeCloudEvents(event) ?? [];

    expect(decoded).toMatchObject({ head: event.head, timestamp: TIMESTAMP });
    expect(decoded?.attributes).toEqual({ ...seen, version: '0.1', typeVersion: '1.5' });
  });

  it.each([
    ['an id is missing', { 'ce-id': '' }, 'ce-id must not be empty'],
    ['the version is unknown', { 'ce-specversion': '2.0' }, 'ce-specversion must be 1.0 or 0.3'],
    ['the time is none', { 'ce-time': 'noon' }, 'ce-time must be a time such as 2026-01-31T10:20:30Z'],
    ['several are wrong', { 'ce-source': '', 'ce-type': '' }, 'ce-source must not be empty; ce-type must not be empty'],
  ])('says so if %s', (_, headers, why) => {
    const decode = () => decodeCloudEvents(eventOf({ ...headersWith('ce-'), ...headers }));

    expect(decode).toThrow(expect.objectContaining({ code: 'AMP_CLOUDEVENT_INVALID', why }));
  });
});

describe('decodeCloudEvents of a JSON envelope', () => {
  const envelope = { specversion: '1.0', id: 'i1', source: '/shop', type: 'order.new', time: TIME };
  const structured = { 'Content-Type': 'application/cloudevents+json; charset=utf-8' };

  it.each([
    ['an object', { data: { a: [1, null] } }, '{"a":[1,null]}', 'application/json'],
    ['an object of a type of its own', { datacontenttype: 'application/vnd.a+json', data: { a: 1 } }, '{"a":1}', 'application/vnd.a+json'],
    ['a text that is JSON', { datacontenttype: 'application/json', data: 'a' }, '"a"', 'application/json'],
    ['a text', { datacontenttype: 'text/plain', data: 'Zürich' }, 'Zürich', 'text/plain'],
    ['bytes', { datacontenttype: 'image/png', data_base64: 'aGk=' }, 'hi', 'image/png'],
    [
      'bytes of version 0.3',
      { specversion: '0.3', datacontentencoding: 'base64', datacontenttype: 'image/png', data: 'aGk=' },
      'hi',
      'image/png',
    ],
    ['null', { data: null }, 'null', 'application/json'],
    ['nothing', {}, '', ''],
  ])('gives the body of %s', (_, parts, body, contentType) => {
    const [decoded] = decodeCloudEvents(eventOf(structured, { ...envelope, ...parts })) ?? [];

    expect(textOf(decoded ?? eventOf({}))).toBe(body);
    expect(decoded?.attributes).toMatchObject({ id: 'i1', contentType });
    expect(decoded?.timestamp).toBe(TIMESTAMP);
  });

  it('keeps the attributes and the headers of the carrier, but not those of the envelope', () => {
    const event = eventOf(
      { ...structured, 'content-length': '99', host: 'a' },
      { ...envelope, datacontenttype: 'text/plain', data: 'x', level: 3, urgent: true },
    );

    expect(decodeCloudEvents(event)?.[0]?.head).toBe(
      `host: a\r\nce-specversion: 1.0\r\nce-id: i1\r\nce-source: /shop\r\nce-type: order.new\r\nce-time: ${TIME}\r\n` +
        'ce-datacontenttype: text/plain\r\nce-level: 3\r\nce-urgent: true\r\ncontent-type: text/plain\r\n',
    );
  });

  it('does not round large numbers', () => {
    const text = '{"specversion":"1.0","id":"i","source":"s","type":"t","data":{"a":12345678901234567890,"b":0.1,"c":1e400}}';

    const [decoded] = decodeCloudEvents(eventOf(structured, text)) ?? [];

    expect(textOf(decoded ?? eventOf({}))).toBe('{"a":12345678901234567890,"b":0.1,"c":1e400}');
  });

  it('reads the content type that a stream has beside its headers', () => {
    const attributes = { topic: 'orders', offset: 5, contentType: 'application/cloudevents+json' };

    const [decoded] = decodeCloudEvents(eventOf({}, { ...envelope, data: 1 }, attributes)) ?? [];

    expect(decoded?.attributes).toEqual({ topic: 'orders', offset: 5, ...seen, contentType: 'application/json' });
  });

  it('reads the version that Nuclio knows, with extensions as headers', () => {
    const old = {
      cloudEventsVersion: '0.1',
      eventType: 'order.new',
      eventTypeVersion: '1.5',
      eventID: 'i1',
      eventTime: TIME,
      source: '/shop',
    };
    const event = eventOf(
      { 'content-type': 'application/cloudevents+json' },
      { ...old, contentType: 'text/plain', extensions: { a: 'b' }, data: 'hi' },
    );

    const [decoded] = decodeCloudEvents(event) ?? [];

    expect(textOf(decoded ?? event)).toBe('hi');
    expect(decoded?.timestamp).toBe(TIMESTAMP);
    expect(decoded?.attributes).toEqual({ ...seen, version: '0.1', typeVersion: '1.5', contentType: 'text/plain' });
    expect(decoded?.head).toContain('CE-eventTypeVersion: 1.5\r\n');
    expect(decoded?.head).toContain('\r\na: b\r\n');
  });

  it('makes several events of a batch', () => {
    const event = eventOf({ 'content-type': 'application/cloudevents-batch+json' }, [
      { ...envelope, data: 1 },
      { ...envelope, id: 'i2', datacontenttype: 'text/plain', data: 'two' },
    ]);

    const decoded = decodeCloudEvents(event) ?? [];

    expect(decoded.map((each) => [each.attributes?.id, textOf(each)])).toEqual([
      ['i1', '1'],
      ['i2', 'two'],
    ]);
  });

  it('makes no event of an empty batch', () => {
    expect(decodeCloudEvents(eventOf({ 'content-type': 'application/cloudevents-batch+json' }, []))).toEqual([]);
  });

  it.each([
    ['the body is no JSON', 'application/cloudevents+json', '{', /^its body is not JSON/],
    ['the body is no object', 'application/cloudevents+json', [], /^the event must be an object$/],
    [
      'attributes are missing',
      'application/cloudevents+json',
      { specversion: '1.0', id: 1 },
      /^id must be there, as text; source must be .*; type must be /,
    ],
    [
      'an attribute is an object',
      'application/cloudevents+json',
      { ...envelope, level: {} },
      /^level must be text, a number or a boolean$/,
    ],
    ['a name has capitals', 'application/cloudevents+json', { ...envelope, Level: 1 }, /^Level is not a name of small letters and digits$/],
    ['the data is there twice', 'application/cloudevents+json', { ...envelope, data: 1, data_base64: 'aGk=' }, /exclude each other/],
    ['the data is no base64', 'application/cloudevents+json', { ...envelope, data_base64: '*' }, /^data_base64 must be base64$/],
    ['one of a batch is wrong', 'application/cloudevents-batch+json', [envelope, { ...envelope, id: '' }], /^\[1\]\.id must not be empty$/],
    ['a batch is no list', 'application/cloudevents-batch+json', {}, /^the event must be a list$/],
    ['it is XML', 'application/cloudevents+xml', '<event/>', /^its format is xml/],
  ])('says so if %s', (_, contentType, body, why) => {
    const decode = () => decodeCloudEvents(eventOf({ 'content-type': contentType }, body));

    expect(decode).toThrow(expect.objectContaining({ code: 'AMP_CLOUDEVENT_INVALID', why: expect.stringMatching(why) }));
  });
});

describe('decodeCloudEvents of anything else', () => {
  it.each([
    ['an event without headers', eventOf({})],
    ['a request', eventOf({ host: 'a', 'content-type': 'application/json', 'user-agent': 'x' }, '{"specversion":"1.0"}')],
    ['a request with a header of that name alone', eventOf({ specversion: '1.0' })],
    ['headers of other versions', eventOf({ 'sec-websocket-version': '13', 'x-specversion': '1.0', 'cdn-loop': 'cloudflare' })],
    ['a message', eventOf({ id: '1', type: 'a' }, '', { topic: 'a', contentType: 'application/json' })],
  ])('finds that %s is none', (_, event) => {
    expect(decodeCloudEvents(event)).toBeUndefined();
  });
});
