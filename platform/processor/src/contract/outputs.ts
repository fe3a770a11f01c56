import type { Row } from './row.ts';

const BYTES = Buffer.of(0, 1, 127, 128, 254, 255);
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const LARGE = Buffer.alloc(1_500_000, 'large ');

const text = { 'content-type': 'text/plain' };
const json = { 'content-type': 'application/json' };

/** What a handler may give, and the answer that this makes. */
export const outputs: readonly Row[] = [
  { shows: 'a text as UTF-8', sent: { path: '/text' }, expected: { status: 200, headers: text, body: 'grüße €' } },
  {
    shows: 'an empty text as an empty body',
    sent: { path: '/empty' },
    expected: { status: 200, headers: { ...text, 'content-length': '0' }, body: '' },
  },
  { shows: 'bytes as they are', sent: { path: '/bytes' }, expected: { status: 200, headers: text, body: BYTES } },
  {
    shows: 'an object as JSON',
    sent: { path: '/json' },
    expected: { status: 200, headers: json, body: { a: 'ä', n: [1, { b: null }] } },
    differs: { java: 'none', shell: 'none' },
  },
  {
    shows: 'a list as a JSON array',
    sent: { path: '/list' },
    expected: { status: 200, headers: json, body: [1, 'two', null] },
    differs: { java: 'none', shell: 'none' },
  },
  {
    shows: 'a number, which is JSON in JavaScript and text in Python',
    sent: { path: '/number' },
    expected: { status: 200, headers: json, body: '42' },
    differs: { python: { status: 200, headers: text, body: '42' }, java: 'none', shell: 'none' },
  },
  {
    shows: 'nothing as an empty body',
    sent: { path: '/nothing' },
    expected: { status: 200, headers: { ...text, 'content-length': '0' }, body: '' },
    differs: { shell: 'none' },
  },
  {
    shows: 'a status with a text',
    sent: { path: '/status-text' },
    expected: { status: 201, headers: text, body: 'made' },
    differs: { shell: 'none' },
  },
  {
    shows: 'a status with an object',
    sent: { path: '/status-json' },
    expected: { status: 202, headers: json, body: { made: true } },
    differs: { java: 'none', shell: 'none' },
  },
  {
    shows: 'a status with bytes',
    sent: { path: '/status-bytes' },
    expected: { status: 203, headers: text, body: BYTES },
    differs: { shell: 'none' },
  },
  {
    shows: 'status 204 without a body and its length',
    sent: { path: '/no-content' },
    expected: { status: 204, headers: { 'content-length': undefined }, body: '' },
    differs: { shell: 'none' },
  },
  {
    shows: 'a Response with its headers, content type and status',
    sent: { path: '/response' },
    expected: { status: 203, headers: { 'content-type': 'text/html', 'x-text': 'v 1', 'x-number': '7' }, body: '<b>' },
    differs: { shell: 'none' },
  },
  {
    shows: 'a Response with an object as JSON',
    sent: { path: '/response-json' },
    expected: { status: 200, headers: json, body: { a: 1 } },
    differs: { java: 'none', shell: 'none' },
  },
  {
    shows: 'a Response with bytes of a type',
    sent: { path: '/response-bytes' },
    expected: { status: 200, headers: { 'content-type': 'image/png' }, body: BYTES },
    differs: { shell: 'none' },
  },
  {
    shows: 'a content type that is given as a header, once',
    sent: { path: '/response-type' },
    expected: { status: 200, headers: { 'content-type': 'text/csv' }, body: 'a,b' },
    differs: { shell: 'none' },
  },
  {
    shows: 'the true length, whatever the handler says of it and of the connection',
    sent: { path: '/response-length' },
    expected: { status: 200, headers: { 'content-length': '3' }, body: 'abc' },
    differs: { shell: 'none' },
  },
  {
    shows: 'a status that HTTP has not as an error',
    sent: { path: '/bad-status' },
    expected: { status: 500, body: /Invalid status code 999/ },
    differs: { shell: 'none' },
  },
  {
    shows: 'a status that is no answer yet as an error',
    sent: { path: '/interim-status' },
    expected: { status: 500, body: /Invalid status code 102/ },
    differs: { shell: 'none' },
  },
  {
    shows: 'a header that would make two as an error',
    sent: { path: '/bad-header' },
    expected: { status: 500, headers: { 'x-b': undefined }, body: /Invalid value of header x-a/ },
    differs: { shell: 'none' },
  },
  {
    shows: 'an error status that the handler chose',
    sent: { path: '/error' },
    expected: { status: 500, headers: text, body: 'some error' },
    differs: { shell: { status: 500, headers: text, body: 'Failed to run shell command.\nError: exit status 3\nOutput:some error' } },
  },
  {
    shows: 'an exception as status 500 with its text',
    sent: { path: '/exception' },
    expected: { status: 500, headers: text, body: 'Error in handler: Error: some exception' },
    differs: {
      python: { status: 500, headers: text, body: /^Exception caught in handler - "some exception": Traceback(.|\n)*raise RuntimeError/ },
      java: { status: 500, headers: text, body: /^Error in handler: java\.lang\.RuntimeException: some exception\n\tat Outputter\./ },
      shell: { status: 500, headers: text, body: /^Failed to run shell command\.\nError: signal: SIGABRT\nOutput:/ },
    },
  },
  {
    shows: 'a text after an exception, from the same worker',
    sent: { path: '/text' },
    expected: { status: 200, body: 'grüße €' },
  },
  {
    shows: 'what no answer can hold as an error',
    sent: { path: '/nonsense' },
    expected: { status: 500, headers: text, body: /circular/i },
    differs: { java: 'none', shell: 'none' },
  },
  {
    shows: 'a function as an error',
    sent: { path: '/function' },
    expected: { status: 500, headers: text, body: 'Error in handler: TypeError: A value of type function is no answer' },
    differs: { python: 'none', java: 'none', shell: 'none' },
  },
  {
    shows: 'the end of its worker as an error',
    sent: { path: '/exit' },
    expected: { status: 500, headers: json, body: '{"error":"The worker ended while it handled this event"}' },
    differs: { shell: 'none' },
  },
  { shows: 'a text after that, from the next worker', sent: { path: '/text' }, expected: { status: 200, body: 'grüße €' } },
  { shows: 'every byte that it was sent', sent: { path: '/echo', body: ALL_BYTES }, expected: { status: 200, body: ALL_BYTES } },
  { shows: 'a body larger than any buffer', sent: { path: '/echo', body: LARGE }, expected: { status: 200, body: LARGE } },
  { shows: 'an empty body that it was sent', sent: { path: '/echo', body: '' }, expected: { status: 200, body: '' } },
  {
    shows: 'to HEAD what GET would, without the body',
    sent: { path: '/text', method: 'HEAD' },
    expected: { status: 200, headers: { ...text, 'content-length': '11' }, body: '' },
  },
  { shows: 'who serves it', sent: { path: '/text' }, expected: { status: 200, headers: { server: 'nuclio' } } },
];
