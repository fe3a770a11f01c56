import { describe, expect, it } from 'vitest';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Logger } from '../../logger.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import { Batcher, batchPolicyOf } from './batcher.ts';
import { Delivery } from './delivery.ts';
import { deliveryPolicySchema } from './policy.ts';

class RecordingWorkers extends DirectWorkers {
  readonly sizes: number[] = [];

  override submitBatch(...[events, settle]: Parameters<DirectWorkers['submitBatch']>): void {
    this.sizes.push(events.length);
    super.submitBatch(events, settle);
  }
}

function setUp(timeoutMs: number) {
  const workers = new RecordingWorkers((event) => textAnswer(200, Buffer.from(event.body).toString()));
  const metrics = { streamGauge: () => {}, forgetStream: () => {}, count: () => {} };
  const delivery = new Delivery({ policy: deliveryPolicySchema.parse({}), workers, logger: new Logger('test', () => {}), metrics });
  return { workers, batcher: new Batcher(delivery, { size: 3, timeoutMs }) };
}

function eventOf(text: string): Event {
  return { trigger: 0, timestamp: 0, method: 'POST', target: '/', head: '', body: Buffer.from(text) };
}

describe('Batcher', () => {
  it('hands over full batches at once, and gives each event its own answer', async () => {
    const { workers, batcher } = setUp(3_600_000);

    const outcomes = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((text) => batcher.deliver(eventOf(text))));

    expect(workers.sizes).toEqual([3, 3]);
    expect(outcomes.map(({ answer }) => Buffer.from(answer.body).toString()).join('')).toBe('abcdef');
  });

  it('does not let the first event wait longer than the timeout', async () => {
    const { workers, batcher } = setUp(20);

    await batcher.deliver(eventOf('a'));

    expect(workers.sizes).toEqual([1]);
  });

  it('hands over what there is when told that nothing will follow', async () => {
    const { workers, batcher } = setUp(3_600_000);
    const outcomes = Promise.all(['a', 'b'].map((text) => batcher.deliver(eventOf(text))));

    batcher.close();

    expect((await outcomes).map(({ result }) => result)).toEqual(['done', 'done']);
    expect(workers.sizes).toEqual([2]);
  });

  it('hands over at once what comes after that', async () => {
    const { workers, batcher } = setUp(3_600_000);
    batcher.close();

    expect(await batcher.deliver(eventOf('a'))).toMatchObject({ result: 'done' });
    expect(workers.sizes).toEqual([1]);
  });
});

describe('batchPolicyOf', () => {
  it('has the defaults of Nuclio, and is off unless enabled', () => {
    expect(batchPolicyOf({ kind: 'nats' }, 't')).toBeUndefined();
    expect(batchPolicyOf({ kind: 'nats', batch: { batchSize: 5 } }, 't')).toBeUndefined();
    expect(batchPolicyOf({ kind: 'nats', batch: { mode: 'enable' } }, 't')).toEqual({ size: 10, timeoutMs: 1000 });
  });

  it('names every mistake', () => {
    const wrong = { kind: 'nats', batch: { batchSize: 0, timeout: '1 second' } };

    expect(() => batchPolicyOf(wrong, 't')).toThrow(/batchSize: Batch size should be 1 or higher\n.*timeout: must be a duration/);
  });
});
