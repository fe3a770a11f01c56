import type { Row, Sent } from './row.ts';

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };

const shown = (shows: string, sent: Sent, body: object): Row => ({
  shows,
  sent,
  expected: { status: 200, body },
  differs: { shell: 'none' },
});

/** What a handler sees of an HTTP request. */
export const fields: readonly Row[] = [
  shown('the path without the query', { path: '/event/a/b?x=1' }, { path: '/event/a/b' }),
  shown('the root of paths', { path: '/event/' }, { path: '/event/' }),
  shown(
    'the path decoded, and the URL as it was sent',
    { path: '/event/a%20b%C3%A4+c?q=%20' },
    { path: '/event/a bä+c', fields: { q: ' ' } },
  ),
  shown('a path with malformed percent signs as it was sent', { path: '/event/100%/%zz/%4' }, { path: '/event/100%/%zz/%4' }),
  shown('a replacement for bytes of a path that are no text', { path: '/event/%ff' }, { path: '/event/\ufffd' }),
  shown('a path without empty parts and detours', { path: '/event/./a//b/%2e%2e/c' }, { path: '/event/a/c' }),
  shown('fields of the query', { path: '/event?x=1&y=2' }, { fields: { x: '1', y: '2' } }),
  shown('fields decoded', { path: '/event?x=a+b%C3%A4&empty=' }, { fields: { x: 'a bä', empty: '' } }),
  shown('the last of fields with the same name', { path: '/event?x=1&x=2' }, { fields: { x: '2' } }),
  shown('fields of a form', { path: '/event', headers: FORM, body: 'x=1&y=a+b' }, { fields: { x: '1', y: 'a b' }, body: 'x=1&y=a+b' }),
  shown('fields of query and form', { path: '/event?q=1', headers: FORM, body: 'f=2' }, { fields: { q: '1', f: '2' } }),
  shown('no fields where there are none', { path: '/event' }, { fields: {} }),
  shown(
    'headers by names in canonical form',
    { path: '/event', headers: { 'x-some-name': 'v', 'X-OTHER': 'W' } },
    { headers: { 'X-Some-Name': 'v', 'X-Other': 'W' } },
  ),
  shown('headers that come twice as one', { path: '/event', headers: { 'x-twice': ['a', 'b'] } }, { headers: { 'X-Twice': 'a, b' } }),
  ...['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'].map((method) =>
    shown(`method ${method}`, { path: '/event', method }, { method }),
  ),
  shown('the size in bytes', { path: '/event', body: 'ä€' }, { size: 5, body: 'ä€' }),
  shown('size 0 without a body', { path: '/event' }, { size: 0, body: '' }),
  shown('the content type', { path: '/event', headers: { 'content-type': 'text/csv' }, body: 'a' }, { contentType: 'text/csv' }),
  shown('an empty content type where there is none', { path: '/event' }, { contentType: '' }),
  shown('the URL', { path: '/event?a=b', headers: { host: 'some.host:80' } }, { url: 'http://some.host:80/event?a=b' }),
  shown('its trigger', { path: '/event' }, { trigger: { kind: 'http', name: 'web' } }),
  {
    shows: 'JSON as an object in Python, and as bytes elsewhere',
    sent: { path: '/event', headers: { 'Content-Type': 'application/json' }, body: '{"a":1}' },
    expected: { status: 200, body: { body: '{"a":1}' } },
    differs: { python: { status: 200, body: { body: { a: 1 } } }, shell: 'none' },
  },
  {
    shows: 'bytes where a body is said to be JSON and is not',
    sent: { path: '/event', headers: { 'Content-Type': 'application/json' }, body: '{"a":' },
    expected: { status: 200, body: { body: '{"a":' } },
    differs: { shell: 'none' },
  },
  {
    shows: 'its event in the environment, in shell',
    sent: { path: '/event/a?x=1', method: 'PUT', headers: { 'content-type': 'text/csv', host: 'some.host' }, body: 'the body' },
    expected: { status: 200, body: 'PUT|/event/a|http://some.host/event/a?x=1|text/csv|http|sync|the body|' },
    differs: { javascript: 'none', python: 'none', java: 'none' },
  },
];
