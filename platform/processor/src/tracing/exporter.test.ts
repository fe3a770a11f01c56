import { describe, expect, it, onTestFinished } from 'vitest';
import { Logger } from '../logger.ts';
import { MAX_WAITING, SpanExporter } from './exporter.ts';
import type { Span } from './otlp.ts';
import { runCollector } from './testing.ts';

const span: Span = {
  context: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isSampled: true },
  parentSpanId: undefined,
  state: '',
  name: 'GET',
  kind: 2,
  start: 1_790_000_000_000.123,
  end: 1_790_000_000_001.5,
  attributes: { text: 'a', whole: 7, part: 0.5, yes: true, absent: undefined },
  isError: false,
};

function makeExporter(url: string) {
  const lines: string[] = [];
  const logger = new Logger('test', (line) => lines.push(line));
  const exporter = new SpanExporter({ url: `${url}/v1/traces`, resource: { 'service.name': 'f' }, logger });
  onTestFinished(() => exporter.stop(0));
  return { exporter, lines };
}

describe('spans', () => {
  it('come to the collector in the encoding of OTLP, many at a time', async () => {
    const { url, spans, resources, paths } = await runCollector();
    const { exporter } = makeExporter(url);
    for (let i = 0; i < 1300; i += 1) exporter.export(span);

    await exporter.stop(5000);

    expect(spans.length).toBe(1300);
    expect(paths).toEqual(Array(3).fill('POST /v1/traces'));
    expect(resources[0]).toEqual({ 'service.name': 'f' });
    expect(spans[0]).toEqual({
      traceId: span.context.traceId,
      spanId: span.context.spanId,
      name: 'GET',
      kind: 2,
      startTimeUnixNano: '1790000000000123000',
      endTimeUnixNano: '1790000000001500000',
      attributes: { text: 'a', whole: '7', part: 0.5, yes: true },
    });
    expect(exporter.counts).toEqual({ exported: 1300, dropped: 0 });
  });

  it('come within seconds, however few they are', async () => {
    const { url, spans } = await runCollector();
    makeExporter(url).exporter.export(span);
    await expect.poll(() => spans.length, { timeout: 5000 }).toBe(1);
  });

  it('wait while the collector is away, up to a bound, and the others are counted as dropped', async () => {
    let isAway = true;
    const { url, spans } = await runCollector(() => (isAway ? 503 : 200));
    const { exporter, lines } = makeExporter(url);
    for (let i = 0; i < MAX_WAITING + 10; i += 1) exporter.export(span);
    await expect.poll(() => lines.length).toBe(1);
    expect(exporter.counts).toEqual({ exported: 0, dropped: 10 });

    isAway = false;

    await expect.poll(() => spans.length, { timeout: 10_000 }).toBe(MAX_WAITING);
    expect(exporter.counts).toEqual({ exported: MAX_WAITING, dropped: 10 });
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'The collector does not take traces',
      'The collector takes traces again',
    ]);
  });

  it('that the collector refuses for good are dropped', async () => {
    const { url } = await runCollector(() => 400);
    const { exporter } = makeExporter(url);
    exporter.export(span);
    await exporter.stop(5000);
    expect(exporter.counts).toEqual({ exported: 0, dropped: 1 });
  });

  it('do not keep the processor from ending where nothing answers', async () => {
    const { exporter } = makeExporter('http://127.0.0.1:1');
    exporter.export(span);
    await exporter.stop(5000);
    exporter.export(span);
    expect(exporter.counts).toEqual({ exported: 0, dropped: 2 });
  });
});
