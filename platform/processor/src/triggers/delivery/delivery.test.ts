import { describe, expect, it } from 'vitest';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Logger } from '../../logger.ts';
import { DirectWorkers } from '../../testing/direct-workers.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import { deliveryPolicySchema } from './policy.ts';

const PATIENT = { retry: { maxAttempts: 3, initialBackoff: '1h', maxBackoff: '1h' } };

function eventOf(text: string): Event {
  return {
    trigger: 0,
    timestamp: 0,
    method: 'POST',
    target: '/',
    head: '',
    body: Buffer.from(text),
    attributes: { topic: 'orders', id: text },
  };
}

function setUp(
  handle: (text: string, attempt: number) => Answer | Promise<Answer>,
  options: { policy?: unknown; deadLetter?: DeliveryOptions['deadLetter'] } = {},
) {
  const attempts = new Map<string, number>();
  const counts: Record<string, number> = {};
  const lines: string[] = [];
  const workers = new DirectWorkers((event) => {
    const text = Buffer.from(event.body).toString();
    const attempt = (attempts.get(text) ?? 0) + 1;
    attempts.set(text, attempt);
    return handle(text, attempt);
  });
  const policy = deliveryPolicySchema.parse(options.policy ?? { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' } });
  const metrics = {
    streamGauge: () => {},
    forgetStream: () => {},
    count: (kind: string, by = 1) => {
      counts[kind] = (counts[kind] ?? 0) + by;
    },
  };
  const logger = new Logger('test', (line) => lines.push(line));
  const delivery = new Delivery({ policy, workers, logger, metrics, deadLetter: options.deadLetter });
  return { delivery, attempts, counts, lines };
}

describe('Delivery', () => {
  it('is done with an event that the handler has answered', async () => {
    const { delivery, attempts, counts, lines } = setUp(() => textAnswer(200, 'fine'));

    const outcome = await delivery.deliver(eventOf('a'));

    expect(outcome.result).toBe('done');
    expect(Buffer.from(outcome.answer.body).toString()).toBe('fine');
    expect(attempts.get('a')).toBe(1);
    expect({ counts, lines }).toEqual({ counts: {}, lines: [] });
  });

  it('does not try again what the handler refused for good, and logs it', async () => {
    const { delivery, attempts, lines } = setUp(() => textAnswer(422));

    expect((await delivery.deliver(eventOf('a'))).result).toBe('done');
    expect(attempts.get('a')).toBe(1);
    expect(JSON.parse(lines.join())).toMatchObject({ level: 'warn', with: { status: 422, topic: 'orders', id: 'a' } });
  });

  it.each(['unavailable', 'timeout', 'died'] as const)('tries again after the refusal "%s"', async (refusal) => {
    const { delivery, attempts, counts } = setUp((_, attempt) => (attempt < 3 ? { ...textAnswer(408), refusal } : textAnswer(200)));

    expect((await delivery.deliver(eventOf('a'))).result).toBe('done');
    expect(attempts.get('a')).toBe(3);
    expect(counts).toEqual({ retries: 2 });
  });

  it('waits for a worker however often it takes, as that is no fault of the event', async () => {
    const { delivery, counts } = setUp((_, attempt) =>
      attempt < 9 ? { ...textAnswer(503), refusal: 'unavailable' } : textAnswer(attempt < 11 ? 500 : 200),
    );

    expect((await delivery.deliver(eventOf('a'))).result).toBe('done');
    expect(counts).toEqual({ retries: 10 });
  });

  it('gives up after the last attempt where there are no dead letters, and says why', async () => {
    const { delivery, attempts, counts, lines } = setUp(() => textAnswer(500, 'no database'));

    const outcome = await delivery.deliver(eventOf('a'));

    expect(outcome).toMatchObject({ result: 'given-up', answer: { status: 500 } });
    expect(attempts.get('a')).toBe(3);
    expect(counts).toEqual({ retries: 2, given_up: 1 });
    expect(JSON.parse(lines.join())).toMatchObject({ level: 'error', with: { reason: 'status 500: no database' } });
  });

  it('puts an event into the dead letters after the last attempt', async () => {
    const dead: unknown[] = [];
    const { delivery, counts } = setUp(() => ({ ...textAnswer(408), refusal: 'timeout' }), {
      deadLetter: async (event, reason) => void dead.push([event.attributes?.id, reason]),
    });

    expect((await delivery.deliver(eventOf('a'))).result).toBe('dead');
    expect(dead).toEqual([['a', 'the handler took too long']]);
    expect(counts).toEqual({ retries: 2, dead_letters: 1 });
  });

  it('insists on the dead letter while its place is away', async () => {
    let failures = 10;
    const { delivery, counts } = setUp(() => textAnswer(500), {
      deadLetter: async () => {
        failures -= 1;
        if (failures > 0) throw new Error('broker away');
      },
    });

    expect((await delivery.deliver(eventOf('a'))).result).toBe('dead');
    expect(counts).toMatchObject({ dead_letters: 1, dead_letter_failures: 9 });
  });

  it('tries only those events of a batch again that failed, in a smaller batch', async () => {
    const { delivery, attempts, counts } = setUp((text, attempt) => {
      if (text === 'late') return textAnswer(attempt < 2 ? 503 : 200);
      return textAnswer(text === 'bad' ? 500 : 200, text);
    });

    const outcomes = await delivery.deliverBatch(['a', 'late', 'bad', 'b'].map(eventOf));

    expect(outcomes.map(({ result }) => result)).toEqual(['done', 'done', 'given-up', 'done']);
    expect(Object.fromEntries(attempts)).toEqual({ a: 1, late: 2, bad: 3, b: 1 });
    expect(Buffer.from(outcomes[3]?.answer.body ?? []).toString()).toBe('b');
    expect(counts).toEqual({ retries: 3, given_up: 1 });
  });

  it('reports as stopped what waits for its next attempt when it is stopped', async () => {
    const { delivery, attempts } = setUp((text) => textAnswer(text === 'bad' ? 500 : 200), { policy: PATIENT });
    const batch = delivery.deliverBatch(['a', 'bad'].map(eventOf));
    const single = delivery.deliver(eventOf('bad'));

    await new Promise(setImmediate);
    delivery.stop();

    expect((await batch).map(({ result }) => result)).toEqual(['done', 'stopped']);
    expect((await single).result).toBe('stopped');
    expect((await delivery.deliver(eventOf('bad'))).result).toBe('stopped');
    expect(attempts.get('bad')).toBe(3);
  });

  it('reports as stopped what the workers no longer take', async () => {
    const { delivery, attempts } = setUp(() => ({ ...textAnswer(503), refusal: 'stopped' }), { policy: PATIENT });

    expect((await delivery.deliver(eventOf('a'))).result).toBe('stopped');
    expect(attempts.get('a')).toBe(1);
  });
});

describe('deliveryPolicySchema', () => {
  it('has the documented defaults', () => {
    expect(deliveryPolicySchema.parse({})).toEqual({ retry: { maxAttempts: 5, initialBackoff: 100, maxBackoff: 30_000 } });
  });

  it('names every mistake', () => {
    const result = deliveryPolicySchema.safeParse({ retry: { maxAttempts: 0, initialBackoff: 'soon' } });

    expect(result.error?.issues.map(({ path }) => path.join('.'))).toEqual(['retry.maxAttempts', 'retry.initialBackoff']);
  });
});
