import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Logger } from '../../logger.ts';
import { OutageLog } from './outage-log.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const levels: string[] = [];
  const counts: string[] = [];
  const logger = new Logger('test', (line) => levels.push(String(JSON.parse(line).level)));
  const metrics = { streamGauge: () => {}, forgetStream: () => {}, count: (kind: string) => void counts.push(kind) };
  return { levels, counts, outages: new OutageLog({ logger, metrics, broker: 'the broker', longAfterMs: 1000 }) };
}

it('tells once of an outage, again whenever it has lasted long, and of its end', () => {
  const { levels, counts, outages } = setUp();

  outages.up();
  outages.down(new Error('reset'));
  outages.down(new Error('refused'));
  vi.advanceTimersByTime(2500);
  outages.up();
  vi.advanceTimersByTime(5000);

  expect(levels).toEqual(['warn', 'error', 'error', 'info']);
  expect(counts).toEqual(['reconnects']);
});

it('says nothing more after a stop', () => {
  const { levels, outages } = setUp();

  outages.down(new Error('reset'));
  outages.stop();
  vi.advanceTimersByTime(5000);

  expect(levels).toEqual(['warn']);
});
