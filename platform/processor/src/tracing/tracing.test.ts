import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event } from '../engine/event.ts';
import { textAnswer } from '../engine/text-answer.ts';
import { Logger } from '../logger.ts';
import { DirectWorkers } from '../testing/direct-workers.ts';
import { call, runProcessor } from '../testing/run-processor.ts';
import { CloudEventWorkers } from '../triggers/cloudevents/workers.ts';
import { eventOf } from '../triggers/kafka/message.ts';
import { runCollector } from './testing.ts';
import { Tracing } from './tracing.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;

describe('a processor that traces', () => {
  const CODE = `exports.handler = (context, event) => event.path === '/bad' ? [503, 'no']
    : { seen: context.traceparent, state: context.tracestate, header: event.getHeader('traceparent') }`;

  async function run(tracing: object = {}, code = CODE, spec: object = {}, file?: string) {
    const collector = await runCollector();
    const running = await runProcessor(code, { platform: { tracing: { url: collector.url, ...tracing } }, ...spec }, file);
    return { ...collector, ...running, url: running.url };
  }

  it('makes a span of a request within the trace that it came with, and shows it to the handler', async () => {
    const { url, spans, resources } = await run();
    const { body } = await call(`${url}/a?secret=1`, { headers: { traceparent: PARENT, tracestate: 'a=1' } });
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);

    const [span] = spans;
    const seen = `00-${TRACE}-${span?.spanId}-01`;
    expect(JSON.parse(body)).toEqual({ seen, state: 'a=1', header: seen });
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, traceState: 'a=1', name: 'GET', kind: 2 });
    expect(span?.spanId).not.toBe(SPAN);
    expect(BigInt(span?.endTimeUnixNano ?? 0)).toBeGreaterThan(BigInt(span?.startTimeUnixNano ?? 0));
    expect(span?.attributes).toEqual({
      'faas.trigger': 'http',
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': '/a',
      'http.request.body.size': '0',
      'http.response.status_code': '200',
    });
    expect(resources[0]).toMatchObject({ 'service.name': 'f', 'service.namespace': 'nuclio', 'faas.name': 'f' });
  });

  it('begins a trace where there is none, and marks the spans of failures', async () => {
    const { url, spans } = await run();
    await call(`${url}/bad`, { method: 'POST', body: 'x' });
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);
    expect(spans[0]).toMatchObject({ name: 'POST', status: { code: 2 } });
    expect(spans[0]?.parentSpanId).toBeUndefined();
    expect(spans[0]?.attributes).toMatchObject({ 'http.response.status_code': '503', 'error.type': '503' });
  });

  it('records what the sender of a request wants recorded, whatever share of its own traces it takes', async () => {
    const { url, spans } = await run({ sampleRatio: 0 });
    await call(url);
    const { body } = await call(url, { headers: { traceparent: `00-${TRACE}-${SPAN}-00` } });
    await call(url, { headers: { traceparent: PARENT } });
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);
    expect(spans[0]?.parentSpanId).toBe(SPAN);
    expect(JSON.parse(body).seen).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  });

  it('lets the trace go on in the functions that a handler calls', async () => {
    const other = createServer((request, response) => response.end(`${request.headers.traceparent} ${request.headers.tracestate}`));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => {
      other.closeAllConnections();
      other.close();
    });
    // Names of services are not known here.
    const code = `const send = fetch; globalThis.fetch = (url, init) => send('http://127.0.0.1:${(other.address() as AddressInfo).port}', init);
      exports.handler = async (context) => (await context.platform.callFunction('other')).body`;
    const { url, spans } = await run({}, code);
    const { body } = await call(url, { headers: { traceparent: PARENT, tracestate: 'a=1' } });
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);
    expect(body).toBe(`00-${TRACE}-${spans[0]?.spanId}-01 a=1`);
  });

  it('shows the trace to shell scripts in their environment', async () => {
    const { url, spans } = await run({}, 'printf "%s" "$TRACEPARENT $TRACESTATE"', { runtime: 'shell' }, 'main.sh');
    const { body } = await call(url, { headers: { traceparent: PARENT, tracestate: 'a=1' } });
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);
    expect(body).toBe(`00-${TRACE}-${spans[0]?.spanId}-01 a=1`);
  });

  it('sends the last spans before it ends, and tells in metrics what became of them', async () => {
    const { url, spans, child, metricsUrl } = await run({}, CODE, { metrics: true });
    await call(url);
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);
    expect((await call(`${metricsUrl}/metrics`)).body).toMatch(/^nuclio_processor_trace_spans_total\{.*result="exported"\} 1$/m);
    await call(url);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    expect(spans.length).toBe(2);
  });

  it('does not start with settings that cannot work, and names them all', async () => {
    const tracing = { url: 'collector:4318', sampleRatio: 2 };
    await expect(runProcessor(CODE, { platform: { tracing } })).rejects.toThrow(/tracing\.url.*tracing\.sampleRatio/s);
  });

  it('serves as ever while its collector is away', async () => {
    const { url, lines } = await run({ url: 'http://127.0.0.1:1' });
    expect(await call(url)).toMatchObject({ status: 200 });
    await expect.poll(() => lines.join('\n'), { timeout: 5000 }).toContain('The collector does not take traces');
    expect(await call(url)).toMatchObject({ status: 200 });
  });
});

it('passes on a trace to the handler where the processor itself does not trace', async () => {
  const { url } = await runProcessor('exports.handler = (context) => context.traceparent ?? "none"');
  expect(await call(url, { headers: { traceparent: PARENT } })).toMatchObject({ body: PARENT });
  expect(await call(url)).toMatchObject({ body: 'none' });
});

describe('the span of a message', () => {
  const KAFKA = { index: 0, kind: 'kafka-cluster', name: 'orders' };

  async function trace(trigger = KAFKA) {
    const { url, spans } = await runCollector();
    const logger = new Logger('test', () => undefined);
    const tracing = new Tracing({ url: `${url}/v1/traces`, sampleRatio: 1, functionName: 'f', namespace: 'ns', logger });
    const heads: string[] = [];
    const direct = new DirectWorkers((event) => {
      heads.push(String(event.head));
      return textAnswer(event.body.length === 0 ? 500 : 200);
    });
    return { workers: new CloudEventWorkers(tracing.around(direct, trigger)), spans, heads, end: () => tracing.stop(5000) };
  }

  const recordOf = (headers: Record<string, string>, value = 'v') =>
    eventOf(
      {
        headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
        key: null,
        value: Buffer.from(value),
      } as unknown as Parameters<typeof eventOf>[0],
      { trigger: 0, topic: 'topic', partition: 3, numShards: 8 },
      42,
      1_790_000_000_000,
    );
  const submit = (workers: CloudEventWorkers, event: Event) => new Promise((resolve) => workers.submit(event, resolve));

  it('goes on from the headers of a Kafka record', async () => {
    const { workers, spans, heads, end } = await trace();
    await submit(workers, recordOf({ traceparent: PARENT, other: 'x' }));
    await end();
    expect(spans[0]).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, name: 'process orders', kind: 5 });
    expect(heads[0]).toBe(`traceparent: 00-${TRACE}-${spans[0]?.spanId}-01\r\nother: x\r\n`);
    expect(spans[0]?.attributes).toEqual({
      'faas.trigger': 'pubsub',
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'topic',
      'messaging.destination.partition.id': '3',
      'messaging.kafka.offset': '42',
      'messaging.message.id': 'topic-3-42',
      'messaging.message.body.size': '1',
    });
  });

  it('goes on from what a CloudEvent brings, in headers or in its envelope', async () => {
    const { workers, spans, end } = await trace();
    const context = { specversion: '1.0', id: '1', source: '/s', type: 't' };
    const binary = Object.entries({ ...context, traceparent: PARENT }).map(([name, value]) => [`ce_${name}`, value]);
    await submit(workers, recordOf(Object.fromEntries(binary)));
    const envelope = JSON.stringify({ ...context, traceparent: PARENT, tracestate: 'a=1', data: {} });
    await submit(workers, recordOf({ 'content-type': 'application/cloudevents+json' }, envelope));
    await end();
    expect(spans).toMatchObject([
      { traceId: TRACE, parentSpanId: SPAN },
      { traceId: TRACE, parentSpanId: SPAN, traceState: 'a=1' },
    ]);
  });

  it('is one of its own for each message of a batch', async () => {
    const { workers, spans, end } = await trace();
    const events = [recordOf({ traceparent: PARENT }), recordOf({}, '')];
    await new Promise((resolve) => workers.submitBatch(events, resolve));
    await end();
    expect(spans).toMatchObject([
      { traceId: TRACE, attributes: { 'messaging.batch.message_count': '2' } },
      { status: { code: 2 }, attributes: { 'messaging.batch.message_count': '2', 'error.type': '500' } },
    ]);
    expect(spans[1]?.traceId).not.toBe(TRACE);
  });

  it('is that of a timer for cron, and has short texts whatever comes in', async () => {
    const { workers, spans, end } = await trace({ index: 0, kind: 'cron', name: 'nightly' });
    const timestamp = Date.UTC(2026, 0, 2);
    await submit(workers, { trigger: 0, timestamp, method: '', target: '', head: '', body: Buffer.from('x') });
    await end();
    expect(spans[0]).toMatchObject({ name: 'nightly', attributes: { 'faas.trigger': 'timer', 'faas.time': '2026-01-02T00:00:00.000Z' } });
    const http = await trace({ index: 0, kind: 'http', name: 'web' });
    await submit(http.workers, { trigger: 0, timestamp, method: 'BREW', target: `/${'x'.repeat(999)}`, head: '', body: Buffer.from('x') });
    await http.end();
    expect(http.spans[0]).toMatchObject({
      name: 'HTTP',
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' },
    });
    expect(String(http.spans[0]?.attributes['url.path']).length).toBe(256);
  });
});
