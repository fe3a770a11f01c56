import type { Row, Sent } from './row.ts';

const CONTEXT = { specversion: '1.0', id: 'an-id', source: '/a/source', type: 'a.type' };
const SEEN = { id: 'an-id', type: 'a.type', url: '/a/source' };
const BINARY = Object.fromEntries(Object.entries(CONTEXT).map(([name, value]) => [`ce-${name}`, value]));

const shown = (shows: string, sent: Omit<Sent, 'path'>, body: object): Row => ({
  shows,
  sent: { path: '/event', ...sent },
  expected: { status: 200, body },
  differs: { shell: 'none' },
});

const structured = (envelope: object): Omit<Sent, 'path'> => ({
  headers: { 'Content-Type': 'application/cloudevents+json; charset=utf-8' },
  body: JSON.stringify(envelope),
});

/** What a handler sees of CloudEvents. */
export const cloudEvents: readonly Row[] = [
  shown(
    'the attributes of a CloudEvent in headers',
    { headers: { ...BINARY, 'content-type': 'text/plain' }, body: 'data' },
    { ...SEEN, contentType: 'text/plain', body: 'data' },
  ),
  shown(
    'the data of a CloudEvent in an envelope as its body',
    structured({ ...CONTEXT, datacontenttype: 'text/csv', data: 'a,b', more: 7 }),
    { ...SEEN, contentType: 'text/csv', body: 'a,b', size: 3, headers: { 'Ce-More': '7' } },
  ),
  shown(
    'data that is base64 in its envelope as bytes',
    structured({ ...CONTEXT, datacontenttype: 'text/plain', data_base64: Buffer.from('ä€').toString('base64') }),
    { ...SEEN, body: 'ä€', size: 5 },
  ),
  shown(
    'a CloudEvent of version 0.1, as Nuclio has them',
    structured({
      cloudEventsVersion: '0.1',
      eventType: 'a.type',
      eventID: 'an-id',
      source: '/a/source',
      contentType: 'text/plain',
      data: 'x',
    }),
    { ...SEEN, body: 'x' },
  ),
  {
    shows: 'status 400 and every mistake to a CloudEvent that is none',
    sent: { path: '/event', ...structured({ specversion: '1.0', source: '' }) },
    expected: { status: 400, body: /id must be there.*source must not be empty.*type must be there/ },
  },
];
