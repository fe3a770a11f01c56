import { describe, expect, it } from 'vitest';
import { call, runProcessor } from '../testing/run-processor.ts';

/** Value of a series by its name and some of its labels. */
function sampleOf(text: string, name: string, labels: Record<string, string> = {}): number {
  const line = text
    .split('\n')
    .find(
      (each) =>
        (each.startsWith(`${name}{`) || each.startsWith(`${name} `)) &&
        Object.entries(labels).every(([k, v]) => each.includes(`${k}="${v}"`)),
    );
  return Number(line?.split(' ').at(-1));
}

describe('GET /metrics', () => {
  it("tells what became of events under Nuclio's names, and how long they took", async () => {
    const { url, metricsUrl } = await runProcessor('exports.handler = (context, event) => event.path === "/bad" ? [500, "no"] : "ok"', {
      metrics: true,
    });
    for (const path of ['/', '/', '/bad']) await call(`${url}${path}`);
    const { body, type } = await call(`${metricsUrl}/metrics`);
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    const trigger = { trigger_kind: 'http', trigger_id: 'web', namespace: 'nuclio', function: 'f', project: 'default' };
    expect(sampleOf(body, 'nuclio_processor_handled_events_total', { ...trigger, result: 'success' })).toBe(2);
    expect(sampleOf(body, 'nuclio_processor_handled_events_total', { ...trigger, result: 'failure' })).toBe(1);
    expect(sampleOf(body, 'nuclio_processor_worker_allocation_total', { ...trigger, result: 'success_immediate' })).toBe(3);
    expect(sampleOf(body, 'nuclio_processor_handled_events_duration_milliseconds_count', { ...trigger, worker_index: '0' })).toBe(3);
    expect(sampleOf(body, 'nuclio_processor_handled_events_duration_milliseconds_sum', trigger)).toBeGreaterThan(0);
    expect(sampleOf(body, 'nuclio_processor_handled_events_duration_seconds_bucket', { ...trigger, le: '+Inf' })).toBe(3);
    expect(sampleOf(body, 'process_resident_memory_bytes')).toBeGreaterThan(1e7);
  });

  it('tells of events that have not ended, so that nobody takes a function for idle that works', async () => {
    const { url, metricsUrl } = await runProcessor('exports.handler = () => new Promise((end) => setTimeout(end, 1500, "ended"))', {
      metrics: true,
    });
    const inHand = async () =>
      sampleOf((await call(`${metricsUrl}/metrics`)).body, 'ampoule_processor_events_in_hand', { trigger_id: 'web' });
    expect(await inHand()).toBe(0);
    const long = call(`${url}/`);
    await expect.poll(inHand).toBe(1);
    expect((await long).body).toBe('ended');
    expect(await inHand()).toBe(0);
  });

  it('is not served where the platform has no pull sink for functions', async () => {
    const { metricsUrl } = await runProcessor('exports.handler = () => "ok"');
    expect(metricsUrl).toBeUndefined();
  });
});
