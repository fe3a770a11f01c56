import { expect, it } from 'vitest';
import { handlerOf, runJava } from '../../testing/run-java.ts';

const SHOW = handlerOf(
  'return new Response().setBody(String.valueOf(value(context, event)));',
  `
    Object value(Context context, Event event) {
        return switch (event.getHeaderString("x-show")) {
            case "method" -> event.getMethod();
            case "path" -> event.getPath();
            case "url" -> event.getURL();
            case "body" -> new String(event.getBody());
            case "content type" -> event.getContentType();
            case "fields" -> event.getFields();
            case "field" -> event.getFieldLong("x") + event.getFieldString("none");
            case "headers" -> event.getHeaders().get("X-Request-Id") + " " + event.getHeaders().get("X-A");
            case "header" -> event.getHeaderLong("x-request-ID") + event.getHeaderLong("none") + new String(event.getHeaderBytes("HOST"));
            case "timestamp" -> event.getTimestamp().getTime();
            case "trigger" -> event.getTriggerInfo().getClassName() + event.getTriggerInfo().getKindName() + event.getTriggerInfo().getName();
            case "stream" -> event.getTopic() + event.getShardID() + event.getTotalNumShards() + event.getOffset() + event.getOffset().getClass();
            case "type" -> event.getType() + event.getTypeVersion() + event.getVersion() + event.isLastInBatch();
            case "id" -> event.getID().equals(event.getID()) ? event.getID().length() : event.getID();
            case "context" -> context.getWorkerID() + context.getFunctionName();
            case "trace" -> context.getTraceParent() + context.getTraceState();
            default -> null;
        };
    }
`,
);

it('gives a Java handler the parts of a request', async () => {
  const run = await runJava(SHOW);
  const headers = {
    host: 'example.com',
    'x-request-id': '7',
    'content-type': 'application/x-www-form-urlencoded',
    'X-A': '1',
    'x-a': '2',
    traceparent: '00-1-2-01',
  };
  const request = { method: 'PUT', target: '/a/b?x=1&y=%C3%BC', headers, body: 'z=3&x=4&bad=%zz' };
  const expected = {
    method: 'PUT',
    path: '/a/b',
    url: 'http://example.com/a/b?x=1&y=%C3%BC',
    body: 'z=3&x=4&bad=%zz',
    'content type': 'application/x-www-form-urlencoded',
    fields: '{x=4, y=ü, z=3, bad=%zz}',
    field: '4null',
    headers: '7 1, 2',
    header: '7example.com',
    timestamp: String(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
    trigger: 'synchttpweb',
    stream: '000class java.lang.Long',
    type: 'true',
    id: '36',
    context: '3f',
    trace: '00-1-2-01null',
  };

  const shown: Record<string, string> = {};
  for (const show of Object.keys(expected)) {
    shown[show] = (await run.call({ ...request, headers: { ...headers, 'x-show': show } })).body;
  }

  expect(shown).toEqual(expected);
});

it('gives a Java handler the attributes of a message of a stream', async () => {
  const run = await runJava(SHOW);
  const attributes = { id: 'i"\n', url: 'u', topic: 'tö', shardId: 2, numShards: 5, offset: 77, type: 't', typeVersion: '1', version: '2' };
  const show = async (what: string, more = {}) =>
    (await run.call({ headers: { 'x-show': what }, attributes: { ...attributes, ...more }, trigger: 1 })).body;

  expect(await show('stream')).toBe('tö2577class java.lang.Long');
  expect(await show('stream', { offset: 'a' })).toBe('tö25aclass java.lang.String');
  expect(await show('type')).toBe('t12true');
  expect(await show('id')).toBe('3');
  expect(await show('url')).toBe('u');
  expect(await show('path', { path: '/ä b' })).toBe('/ä b');
  expect(await show('trigger')).toBe('asynckafka-clusterorders');
});
