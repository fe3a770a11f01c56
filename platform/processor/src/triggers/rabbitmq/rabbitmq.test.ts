import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Certificate, makeCertificate } from '../../../../../airgap-tests/brokers/certificates.ts';
import { RabbitMq } from '../../../../../airgap-tests/brokers/rabbitmq.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, textOf, until } from '../delivery/testing.ts';
import { HeldLink } from './held-link.fixture.ts';
import { RabbitMqTrigger } from './rabbitmq.ts';

const START_MS = 60_000;
let certificate: Certificate;
let rabbit: RabbitMq;
let client: Connection;
const bench = new Bench();

beforeAll(async () => {
  certificate = await makeCertificate('localhost');
  rabbit = await RabbitMq.start({ tls: certificate });
  client = new Connection({ url: rabbit.url, retryLow: 50, retryHigh: 200 });
  client.on('error', () => {});
}, START_MS);

afterAll(async () => {
  client?.unsafeDestroy();
  await rabbit?.stop();
});

afterEach(() => bench.close());

function triggerOf(attributes: object, handle: (event: Event) => Answer | Promise<Answer>, config: object = {}) {
  const context = bench.context({ kind: 'rabbit-mq', url: rabbit.url, attributes: { ...FAST, ...attributes }, ...config }, handle);
  return bench.start(new RabbitMqTrigger(context));
}

const FAST = { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' }, reconnectInterval: '100ms', reconnectDuration: '20s' };

async function queueOf(name: string, args: object = {}): Promise<string> {
  await client.queueDeclare({ queue: name, durable: true, arguments: args });
  return name;
}

async function publish(queue: string, texts: readonly string[]): Promise<void> {
  const publisher = client.createPublisher({ confirm: true });
  await Promise.all(texts.map((text) => publisher.send({ routingKey: queue, durable: true }, Buffer.from(text))));
  await publisher.close();
}

async function depth(queue: string): Promise<number> {
  return (await client.queueDeclare({ queue, passive: true })).messageCount;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe('RabbitMqTrigger', () => {
  it('gives a message to the handler with the fields that Nuclio gives', async () => {
    const queue = await queueOf('fields');
    const events: Event[] = [];
    await triggerOf({ queueName: queue }, (event) => {
      events.push(event);
      return textAnswer(200);
    });
    const body = Buffer.from('{"big": 12345678901234567890}');

    await client.createPublisher({ confirm: true }).send(
      {
        routingKey: queue,
        contentType: 'application/json',
        messageId: 'm1',
        type: 'order',
        replyTo: 'answers',
        timestamp: 1_700_000_000,
        headers: { 'x-text': 'a', 'x-number': 7, 'cloudEvents:id': '9' },
      },
      body,
    );
    await until(() => events.length === 1);

    expect(events[0]).toMatchObject({ trigger: 3, method: 'order', target: '/fields', timestamp: 1_700_000_000_000 });
    expect(events[0]?.attributes).toEqual({ id: 'm1', contentType: 'application/json', url: 'answers', topic: 'fields' });
    expect(events[0]?.head).toBe('x-text: a\r\nx-number: 7\r\ncloudEvents_id: 9\r\n');
    expect(Buffer.from(events[0]?.body ?? [])).toEqual(body);
  });

  it('leaves the bytes of a text as they are, even if they are not UTF-8', async () => {
    const queue = await queueOf('bytes');
    const bodies: Uint8Array[] = [];
    await triggerOf({ queueName: queue }, (event) => {
      bodies.push(event.body);
      return textAnswer(200);
    });

    await client.createPublisher({ confirm: true }).send({ routingKey: queue, contentType: 'text/plain' }, Buffer.from([0xff, 0xfe]));
    await until(() => bodies.length === 1);

    expect([...(bodies[0] ?? [])]).toEqual([0xff, 0xfe]);
  });

  it('declares exchange, queue and bindings where it has topics', async () => {
    const seen: string[] = [];
    await triggerOf({ exchangeName: 'shop', topics: ['order.*'], durableExchange: 'true', durableQueue: true }, (event) => {
      seen.push(`${event.target} ${textOf(event)}`);
      return textAnswer(200);
    });
    const publisher = client.createPublisher({ confirm: true });

    await publisher.send({ exchange: 'shop', routingKey: 'order.new' }, Buffer.from('a'));
    await publisher.send({ exchange: 'shop', routingKey: 'bill.new' }, Buffer.from('b'));
    await publisher.send({ exchange: 'shop', routingKey: 'order.old' }, Buffer.from('c'));
    await until(() => seen.length === 2);

    expect(seen).toEqual(['shop/order.new a', 'shop/order.old c']);
    await client.queueDeclare({ queue: 'nuclio-test-space-counter', durable: true });
  });

  it('tries a failing handler again, and acknowledges after that', async () => {
    const queue = await queueOf('retried');
    let attempts = 0;
    const trigger = await triggerOf({ queueName: queue }, () => textAnswer(++attempts < 3 ? 500 : 200));

    await publish(queue, ['a']);
    await until(() => attempts === 3);
    await trigger.stop(5000);

    expect(await depth(queue)).toBe(0);
  });

  it('puts what always fails into a dead-letter queue of its own, which says why', async () => {
    const queue = await queueOf('failing');
    await triggerOf({ queueName: queue, deadLetter: { queue: 'graveyard' } }, (event) =>
      textAnswer(textOf(event) === 'bad' ? 500 : 200, 'broken'),
    );

    await publish(queue, ['good', 'bad', 'good']);
    await until(() => bench.counts.dead_letters === 1);

    const letter = await client.basicGet('graveyard');
    expect(String(letter?.body)).toBe('bad');
    expect(letter?.headers).toMatchObject({ 'x-dead-letter-reason': 'status 500: broken', 'x-dead-letter-source': '/failing' });
  });

  it('keeps a message as long as its dead letter reaches no queue', async () => {
    const queue = await queueOf('unroutable');
    await client.exchangeDeclare({ exchange: 'nowhere', type: 'direct' });
    const trigger = await triggerOf({ queueName: queue, deadLetter: { exchange: 'nowhere', routingKey: 'x' } }, () => textAnswer(500));

    await publish(queue, ['bad']);
    await until(() => (bench.counts.dead_letter_failures ?? 0) > 2);
    await trigger.stop(5000);

    expect(await depth(queue)).toBe(1);
  });

  it("leaves what it gives up to the queue's own dead-letter exchange", async () => {
    await queueOf('own-letters');
    const queue = await queueOf('with-letters', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'own-letters' });
    await triggerOf({ queueName: queue }, () => textAnswer(500));

    await publish(queue, ['bad']);
    await until(async () => (await depth('own-letters')) === 1);

    expect(bench.counts).toMatchObject({ retries: 2, given_up: 1 });
  });

  it('has no more messages in hand than prefetchCount, and that many at a time', async () => {
    const queue = await queueOf('bounded');
    let now = 0;
    let most = 0;
    let done = 0;
    await triggerOf({ queueName: queue, prefetchCount: 4 }, async () => {
      most = Math.max(most, ++now);
      await sleep(5);
      now -= 1;
      done += 1;
      return textAnswer(200);
    });

    await publish(queue, numbers(40));
    await until(() => done === 40);

    expect(most).toBe(4);
  });

  it('hands over batches where they are enabled', async () => {
    const queue = await queueOf('batched');
    let seen = 0;
    await publish(queue, numbers(25));
    const handle = () => {
      seen += 1;
      return textAnswer(200);
    };
    await triggerOf({ queueName: queue }, handle, { batch: { mode: 'enable', batchSize: 10, timeout: '500ms' } });

    await until(() => seen === 25);

    expect(bench.batches.toSorted((a, b) => a - b)).toEqual([5, 10, 10]);
  });

  it('finishes and acknowledges what is in hand when it is stopped', async () => {
    const queue = await queueOf('stopped');
    let done = 0;
    const trigger = await triggerOf({ queueName: queue, prefetchCount: 5 }, async () => {
      await sleep(100);
      done += 1;
      return textAnswer(200);
    });
    await publish(queue, numbers(50));
    await until(() => done >= 5);

    await trigger.stop(5000);

    expect(done).toBeLessThan(50);
    // What was on its way to the consumer comes back to the queue when the connection has gone.
    await expect.poll(() => depth(queue)).toBe(50 - done);
  });

  it('leaves to others what arrives together with the broker saying that no more will come', async () => {
    const queue = await queueOf('late');
    const link = await HeldLink.start(Number(new URL(rabbit.url).port));
    onTestFinished(() => link.stop());
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const handle = async () => {
      begun += 1;
      await gate.promise;
      return textAnswer(200);
    };
    const url = `amqp://guest:guest@127.0.0.1:${link.port}`;
    const trigger = await triggerOf({ queueName: queue, prefetchCount: 5 }, handle, { url });
    await publish(queue, numbers(10));
    await until(() => begun === 5);
    link.hold();
    gate.resolve();
    await until(async () => (await depth(queue)) === 0);
    const deliveries = link.heldBytes;
    const stopping = trigger.stop(5000);
    await until(() => link.heldBytes > deliveries);

    link.release();
    await stopping;

    expect(begun).toBe(5);
    await until(async () => (await depth(queue)) === 5);
    expect(bench.lines.filter((line) => line.includes('Trouble'))).toEqual([]);
  });

  it('gives back what waits for its next attempt when it is stopped', async () => {
    const queue = await queueOf('waiting');
    let attempts = 0;
    const patient = { retry: { maxAttempts: 3, initialBackoff: '1h', maxBackoff: '1h' } };
    const trigger = await triggerOf({ queueName: queue, ...patient }, () => {
      attempts += 1;
      return textAnswer(500);
    });
    await publish(queue, ['a']);
    await until(() => attempts === 1);

    await trigger.stop(5000);

    expect(await depth(queue)).toBe(1);
  });

  it('loses nothing when it is dropped without a stop', async () => {
    const queue = await queueOf('dropped');
    const seen = new Map<string, number>();
    const handle = async (event: Event) => {
      await sleep(2);
      seen.set(textOf(event), (seen.get(textOf(event)) ?? 0) + 1);
      return textAnswer(200);
    };
    const first = await triggerOf({ queueName: queue, prefetchCount: 20 }, handle);
    await publish(queue, numbers(200));
    await until(() => seen.size > 50);

    await first.stop(0);
    await triggerOf({ queueName: queue, prefetchCount: 20 }, handle);
    await until(async () => seen.size === 200 && (await depth(queue)) === 0);

    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(220);
  });

  it(
    'goes on after the broker was killed, and loses nothing',
    async () => {
      const queue = await queueOf('restarted');
      const seen = new Set<string>();
      await triggerOf({ queueName: queue, prefetchCount: 10 }, async (event) => {
        await sleep(5);
        seen.add(textOf(event));
        return textAnswer(200);
      });
      await publish(queue, numbers(200));
      await until(() => seen.size > 20);

      await rabbit.restart();
      await until(async () => seen.size === 200 && (await depth(queue)) === 0, 20_000);

      expect(bench.counts.reconnects).toBeGreaterThanOrEqual(1);
    },
    START_MS,
  );

  it.each([
    ['a queue that is not there', { queueName: 'absent' }, {}, /absent/],
    ['a wrong password', { queueName: 'fields' }, { username: 'guest', password: 'wrong' }, /ACCESS_REFUSED/],
    ['a queue that was declared differently', { queueName: 'fields', exchangeName: 'shop2', topics: ['#'] }, {}, /durable/],
    ['a dead-letter exchange that is not there', { queueName: 'fields', deadLetter: { exchange: 'absent' } }, {}, /absent/],
  ])('does not start with %s, and says so', async (_, attributes, config, message) => {
    await queueOf('fields');

    await expect(triggerOf(attributes, () => textAnswer(200), config)).rejects.toMatchObject({
      code: 'AMP_TRIGGER_CONNECT',
      message: expect.stringMatching(message),
    });
  });

  it('does not start with a server of another protocol, and says so', async () => {
    const server = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    const starting = triggerOf({}, () => textAnswer(200), { url: `amqp://127.0.0.1:${port}` });

    await expect(starting).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT', message: expect.stringContaining('does not speak AMQP') });
    server.close();
  });

  it('takes messages of any size', async () => {
    const queue = await queueOf('large');
    const bodies: Uint8Array[] = [];
    await triggerOf({ queueName: queue }, (event) => {
      bodies.push(event.body);
      return textAnswer(200);
    });
    const sent = [Buffer.alloc(0), Buffer.alloc(131_072, 1), Buffer.alloc(5_000_000, 2)];

    for (const body of sent) await client.createPublisher({ confirm: true }).send({ routingKey: queue }, body);
    await until(() => bodies.length === sent.length);

    expect(bodies.map((body, index) => sent[index]?.equals(body))).toEqual([true, true, true]);
  });

  it('does not start when the broker stays away longer than reconnectDuration', async () => {
    const starting = triggerOf({ reconnectDuration: '300ms' }, () => textAnswer(200), { url: 'amqp://127.0.0.1:1' });

    await expect(starting).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT', message: expect.stringContaining('ECONNREFUSED') });
  });

  it('speaks TLS with a broker whose certificate it is told to trust, and with no other', async () => {
    const queue = await queueOf('secure');
    const seen: string[] = [];
    const handle = (event: Event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    };
    const config = { url: rabbit.secureUrl };

    await expect(triggerOf({ queueName: queue }, handle, config)).rejects.toMatchObject({
      message: expect.stringMatching(/self-signed certificate/),
    });
    await triggerOf({ queueName: queue, caCert: certificate.certificate }, handle, config);
    await publish(queue, ['a']);
    await until(() => seen.length === 1);
  });

  it('says that a url is none of RabbitMQ', async () => {
    await expect(triggerOf({}, () => textAnswer(200), { url: 'http://rabbit' })).rejects.toMatchObject({ code: 'AMP_TRIGGER_URL' });
  });

  it('demands an exchange for its topics', () => {
    expect(() => triggerOf({ topics: 'a, b' }, () => textAnswer(200))).toThrow(/exchangeName: must be given with topics/);
  });

  it('names every mistake in its attributes', () => {
    const wrong = { prefetchCount: -1, reconnectInterval: 'often', topics: 7, deadLetter: { queue: 'a', exchange: 'b' } };

    expect(() => triggerOf(wrong, () => textAnswer(200))).toThrow(/topics.*\n.*reconnectInterval.*\n.*prefetchCount.*\n.*deadLetter/);
  });
});
