import { expect, it } from 'vitest';
import { runPython } from '../../testing/run-python.ts';

/** Evaluates the body of the event, or header X-Expression where there is one. */
const EVALUATE = `
import nuclio_sdk
def handler(context, event):
    expression = event.get_header('x-expression') or event.body.decode()
    return repr(eval(expression))
`;

it('gives a Python handler the parts of a request', async () => {
  const run = await runPython(EVALUATE);
  const headers = { host: 'example.com', 'x-request-id': '7', 'content-type': 'application/x-www-form-urlencoded', 'X-A': '1', 'x-a': '2' };
  const request = { method: 'PUT', target: '/a/b?x=1&y=2', headers, body: 'z=3&x=4' };
  const expected: [expression: string, value: string][] = [
    ['event.method', "'PUT'"],
    ['event.path', "'/a/b'"],
    ['event.url', "'http://example.com/a/b?x=1&y=2'"],
    ['event.body', "b'z=3&x=4'"],
    ['event.size', '7'],
    ['event.content_type', "'application/x-www-form-urlencoded'"],
    ['event.fields', "{'x': '4', 'y': '2', 'z': '3'}"],
    ["event.headers['X-Request-Id']", "'7'"],
    ["event.headers['X-A']", "'1, 2'"],
    ["event.get_header('X-REQUEST-ID')", "'7'"],
    ["event.get_header('missing')", 'None'],
    ['event.timestamp', 'datetime.datetime(2026, 1, 2, 3, 4, 5, 6000)'],
    ['(event.trigger.kind, event.trigger.name)', "('http', 'web')"],
    ['(event.shard_id, event.num_shards, event.offset, event.topic)', "(0, 0, 0, '')"],
    ['(event.type, event.type_version, event.version, event.last_in_batch)', "('', '', '', True)"],
    ['event.id == event.id and len(event.id)', '36'],
    ['isinstance(event, nuclio_sdk.Event)', 'True'],
    ["__import__('json').loads(event.to_json())['path']", "'/a/b'"],
    ["hasattr(event, 'nothing')", 'False'],
    ["setattr(event, 'path', '/c') or event.path", "'/c'"],
    ['(context.worker_id, context.trigger.kind, context.trigger_name, context.platform.kind)', "(3, 'http', 'web', 'kube')"],
  ];

  for (const [expression, value] of expected) {
    const { body } = await run.call({ ...request, headers: { ...headers, 'x-expression': expression } });
    expect([expression, body]).toEqual([expression, value]);
  }
});

it('gives a Python handler the attributes of a message of a stream', async () => {
  const run = await runPython(EVALUATE);
  const attributes = { id: 'i', url: 'u', topic: 'tö', shardId: 2, numShards: 5, offset: 77, type: 't', typeVersion: '1', version: '2' };
  const expression =
    '(event.id, event.url, event.topic, event.shard_id, event.num_shards, event.offset, event.type, event.type_version, event.version, event.trigger.name)';

  const { body } = await run.call({ body: expression, attributes, trigger: 1 });

  expect(body).toBe("('i', 'u', 'tö', 2, 5, 77, 't', '1', '2', 'orders')");
  expect((await run.call({ body: 'event.path', target: '/%C3%A4', attributes: { path: '/ä' } })).body).toBe("'/ä'");
});

it('decodes a body only where its type is exactly application/json, and leaves what is no JSON as bytes', async () => {
  const run = await runPython('def handler(context, event):\n    return repr(event.body)\n');

  expect((await run.call({ headers: { 'content-type': 'application/json' }, body: '{"a": "ö"}' })).body).toBe("{'a': 'ö'}");
  expect((await run.call({ headers: { 'content-type': 'application/json' }, body: '{"a' })).body).toBe(`b'{"a'`);
  expect((await run.call({ headers: { 'content-type': 'application/json; charset=utf-8' }, body: '1' })).body).toBe("b'1'");
  expect((await run.call({ attributes: { contentType: 'application/json' }, body: '1' })).body).toBe('1');
});
