import { expect, it } from 'vitest';
import { runPython } from '../../testing/run-python.ts';

const OUTPUTS = `
import http, nuclio_sdk

class Shown:
    def __str__(self):
        return 'shown'

def handler(context, event):
    return {
        'string': lambda: 'a string',
        'unicode': lambda: 'grüße €',
        'status-string': lambda: (201, 'a string after status'),
        'status-dict': lambda: (202, {'a': 1}),
        'status-bytes': lambda: (200, b'\\xff\\x00'),
        'status-name': lambda: (http.HTTPStatus.ACCEPTED, ''),
        'dict': lambda: {'a': 'dict', 'b': 'foo'},
        'list': lambda: [1, {'a': 2}],
        'empty-list': lambda: [],
        'bytes': lambda: b'\\x00\\xfe\\xff',
        'none': lambda: None,
        'number': lambda: 42,
        'object': lambda: Shown(),
        'nan': lambda: {'a': float('nan'), 'b': {1, 2}},
        'response': lambda: context.Response(body='body', headers={'h1': 'v1', 'H2': 2}, content_type='text/html', status_code=201),
        'response-dict': lambda: nuclio_sdk.Response(body={'a': 1}),
        'response-bytes': lambda: context.Response(body=b'\\xff', content_type='image/png'),
        'response-empty': lambda: context.Response(status_code=204),
        'no-ack': lambda: no_ack(context),
        'bad-header': lambda: context.Response(headers={'a b': '1'}),
        'bad-value': lambda: context.Response(headers={'a': '1\\r\\nb: 2'}),
        'bad-status': lambda: (99, 'x'),
        'content-length': lambda: context.Response(body='abc', headers={'Content-Length': '7', 'Content-Type': 'text/css'}),
        'raise': lambda: failing(),
    }[event.body.decode()]()

def no_ack(context):
    response = context.Response()
    response.ensure_no_ack()
    return response

def failing():
    raise RuntimeError('some error')
`;

it('maps what a Python handler gives as Nuclio does', async () => {
  const run = await runPython(OUTPUTS);
  const expected: [name: string, status: number, type: string, body: string][] = [
    ['string', 200, 'text/plain', 'a string'],
    ['unicode', 200, 'text/plain', 'grüße €'],
    ['status-string', 201, 'text/plain', 'a string after status'],
    ['status-dict', 202, 'application/json', '{"a": 1}'],
    ['status-name', 202, 'text/plain', ''],
    ['dict', 200, 'application/json', '{"a": "dict", "b": "foo"}'],
    ['list', 200, 'application/json', '[1, {"a": 2}]'],
    ['empty-list', 200, 'application/json', '[]'],
    ['none', 200, 'text/plain', ''],
    ['number', 200, 'text/plain', '42'],
    ['object', 200, 'text/plain', 'shown'],
    ['nan', 200, 'application/json', '{"a": "NaN", "b": "{1, 2}"}'],
    ['response', 201, 'text/html', 'body'],
    ['response-dict', 200, 'application/json', '{"a": 1}'],
    ['response-empty', 204, 'text/plain', ''],
  ];

  for (const [name, status, type, body] of expected) {
    expect({ name, ...(await run.call({ body: name })) }).toMatchObject({ name, status, type, body });
  }
  for (const name of ['bytes', 'status-bytes', 'response-bytes']) expect((await run.call({ body: name })).bytes).toContain(0xff);
});

it('sends the headers of a Response, without those that belong to the connection', async () => {
  const run = await runPython(OUTPUTS);

  expect((await run.call({ body: 'response' })).headers).toEqual({ h1: 'v1', h2: '2', 'content-type': 'text/html' });
  expect((await run.call({ body: 'content-length' })).headers).toEqual({ 'content-type': 'text/css' });
  expect((await run.call({ body: 'no-ack' })).headers).toMatchObject({ 'x-nuclio-stream-no-ack': 'true' });
});

it.each(['bad-header', 'bad-value', 'bad-status'])('answers 500 to what HTTP does not allow: %s', async (name) => {
  const run = await runPython(OUTPUTS);

  expect(await run.call({ body: name })).toMatchObject({ status: 500, body: expect.stringContaining('Invalid') });
});

it('answers 500 with a traceback that begins in the handler where it raises', async () => {
  const run = await runPython(OUTPUTS);

  const { status, type, body } = await run.call({ body: 'raise' });

  expect({ status, type }).toEqual({ status: 500, type: 'text/plain' });
  expect(body).toMatch(/^Exception caught in handler - "some error": Traceback/);
  expect(body).toContain('in failing');
  expect(body).not.toContain('_ampoule');
});
