import { setTimeout as sleep } from 'node:timers/promises';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../../airgap-tests/brokers/certificates.ts';
import { NatsServer } from '../../../../../airgap-tests/brokers/nats.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, textOf, until } from '../delivery/testing.ts';
import { NatsTrigger } from './nats.ts';

const START_MS = 300_000;
/** Longer than a request for messages lasts. */
const PULLS_EXPIRE_MS = 5500;
const FAST = { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' } };
let server: NatsServer;
let client: NatsConnection;
let bench: Bench;
let subjects = 0;
let subject: string;

beforeAll(async () => {
  server = await NatsServer.start();
  client = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
}, START_MS);

afterAll(async () => {
  await client?.close();
  await server?.stop();
});

beforeEach(() => {
  bench = new Bench();
  subjects += 1;
  subject = `orders.${subjects}`;
});

afterEach(() => bench.close());

type Handle = (event: Event) => Answer | Promise<Answer>;

function triggerOf(handle: Handle, attributes: object = {}, config: object = {}): Promise<NatsTrigger> {
  const all = { kind: 'nats', url: server.url, attributes: { topic: subject, ...FAST, ...attributes }, ...config };
  return bench.start(new NatsTrigger(bench.context(all, handle)));
}

function numbers(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function publish(texts: readonly string[], to = subject): Promise<void> {
  for (const text of texts) client.publish(to, text);
  return client.flush();
}

async function streamOf(...names: string[]): Promise<string> {
  const stream = `stream-${subjects}-${names.length}`;
  await (await jetstreamManager(client)).streams.add({ name: stream, subjects: names });
  return stream;
}

async function publishToStream(texts: readonly string[]): Promise<void> {
  for (const text of texts) await jetstream(client).publish(subject, text);
}

async function unacknowledged(stream: string, durable: string): Promise<number> {
  const { num_ack_pending, num_pending } = await (await jetstreamManager(client)).consumers.info(stream, durable);
  return num_ack_pending + num_pending;
}

describe('NatsTrigger with core NATS', () => {
  it('hands over messages with the fields that Nuclio gives them', async () => {
    const events: Event[] = [];
    await triggerOf((event) => {
      events.push(event);
      return textAnswer(200);
    });

    const lines = headers();
    lines.set('Content-Type', 'text/plain');
    lines.set('Nats-Msg-Id', 'one');
    client.publish(subject, 'hello', { headers: lines });
    await until(() => events.length === 1);

    expect(events[0]).toMatchObject({
      trigger: 3,
      target: subject,
      head: 'Content-Type: text/plain\r\nNats-Msg-Id: one\r\n',
      attributes: { id: 'one', contentType: 'text/plain', topic: subject },
    });
    expect(events.map(textOf)).toEqual(['hello']);
  });

  it('shares the messages of a subject among all replicas of a function', async () => {
    const seen: string[] = [];
    const members = new Set<string>();
    const handleOf = (member: string) => (event: Event) => {
      members.add(member);
      seen.push(textOf(event));
      return textAnswer(200);
    };

    await Promise.all([triggerOf(handleOf('one')), triggerOf(handleOf('two')), triggerOf(handleOf('own'), { queueName: '{{.Name}}-own' })]);
    await publish(numbers(200));
    await until(() => seen.length === 400);
    await sleep(50);

    expect(seen).toHaveLength(400);
    expect(members).toEqual(new Set(['one', 'two', 'own']));
  });

  it('refuses a queue name that asks for what there is not', async () => {
    const trigger = triggerOf(() => textAnswer(200), { queueName: '{{.Version}}' });

    await expect(trigger).rejects.toThrow(/asks for Version/);
  });

  it('answers a request with what the handler answers', async () => {
    await triggerOf((event) => textAnswer(200, `re: ${textOf(event)}`));

    const answer = await client.request(subject, 'ping', { timeout: 5000 });

    expect(answer.string()).toBe('re: ping');
    expect(answer.headers?.get('Content-Type')).toBe('text/plain');
  });

  it('answers a request whose handler fails each time with its error', async () => {
    await triggerOf(() => textAnswer(503, 'no database'));

    const answer = await client.request(subject, 'ping', { timeout: 5000 });

    expect(answer.string()).toBe('no database');
    expect(answer.headers?.get('Nats-Service-Error-Code')).toBe('503');
    expect(bench.counts).toEqual({ retries: 2, given_up: 1 });
  });

  it('has no more in hand than it may, and loses nothing of a burst', async () => {
    let inHand = 0;
    let most = 0;
    let handled = 0;
    await triggerOf(
      async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await sleep(1);
        inHand -= 1;
        handled += 1;
        return textAnswer(200);
      },
      { maxInHand: 4 },
    );

    await publish(numbers(500));
    await until(() => handled === 500);

    expect(most).toBe(4);
  });

  it('hands over batches', async () => {
    let handled = 0;
    const batch = { mode: 'enable', batchSize: 10, timeout: '50ms' };
    await triggerOf(
      () => {
        handled += 1;
        return textAnswer(200);
      },
      {},
      { batch },
    );

    await publish(numbers(25));
    await until(() => handled === 25);

    expect(bench.batches).toEqual([10, 10, 5]);
  });

  it('handles what has come when it stops, and takes no more', async () => {
    let handled = 0;
    const trigger = await triggerOf(
      async () => {
        await sleep(20);
        handled += 1;
        return textAnswer(200);
      },
      { maxInHand: 2 },
    );
    await publish(numbers(10));
    await until(() => handled > 0);

    await trigger.stop(5000);
    await publish(['late']);
    await sleep(50);

    expect(handled).toBe(10);
  });

  it('tells of messages that are lost when it stops, and does not mind handlers that answer too late', async () => {
    const late = Promise.withResolvers<void>();
    let handled = 0;
    const patient = { retry: { maxAttempts: 5, initialBackoff: '1h', maxBackoff: '1h' } };
    const failing = await triggerOf(
      () => {
        handled += 1;
        return textAnswer(500);
      },
      { ...patient, queueName: 'failing' },
    );
    const slow = await triggerOf(
      async () => {
        handled += 1;
        await late.promise;
        return textAnswer(200);
      },
      { queueName: 'slow' },
    );
    const request = client.request(subject, 'a', { timeout: 500 }).catch(() => undefined);
    await until(() => handled === 2);

    await slow.stop(10);
    await failing.stop(1000);
    late.resolve();
    await request;

    expect(bench.counts).toEqual({ dropped: 1 });
    expect(bench.lines.join('')).toContain('Messages are lost');
  });

  it('goes on after the server was killed and has come back', async () => {
    const seen: string[] = [];
    await triggerOf((event) => {
      seen.push(textOf(event));
      return textAnswer(200);
    });
    await publish(['a']);
    await until(() => seen.length === 1);

    await server.restart();
    await until(async () => {
      await publish(['b']).catch(() => undefined);
      return seen.includes('b');
    }, 20_000);

    expect(bench.counts.reconnects).toBe(1);
  });
});

describe('NatsTrigger with a server that asks who is there', () => {
  it('logs in with a user over TLS, and says at once that a password is wrong', async () => {
    const tls = await makeCertificate('localhost');
    const secured = await NatsServer.start({ user: { user: 'alice', password: 'alice-secret' }, tls });
    try {
      const attributes = { caCert: tls.certificate, user: 'alice', password: 'alice-secret' };
      const config = { url: secured.url.replace('nats:', 'tls:') };
      await triggerOf((event) => textAnswer(200, textOf(event)), attributes, config);
      const wrong = triggerOf(() => textAnswer(200), { ...attributes, password: 'not-this-one' }, config);
      const distrustful = triggerOf(() => textAnswer(200), { user: 'alice', password: 'alice-secret', tls: { enable: true } }, config);
      distrustful.catch(() => {});
      await expect(wrong).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT', message: expect.not.stringContaining('not-this-one') });
      await expect(distrustful).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT' });
    } finally {
      await secured.stop();
    }
  });

  it('logs in with a token', async () => {
    const secured = await NatsServer.start({ token: 'secret-token' });
    try {
      await triggerOf(() => textAnswer(200), { token: 'secret-token' }, { url: secured.url });
      await expect(triggerOf(() => textAnswer(200), {}, { url: secured.url })).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT' });
    } finally {
      await secured.stop();
    }
  });
});

describe('NatsTrigger with JetStream', () => {
  it('hands over what is in the stream, and acknowledges it once it is handled', async () => {
    const stream = await streamOf(subject);
    const events: Event[] = [];
    await publishToStream(numbers(5));

    await triggerOf(
      (event) => {
        events.push(event);
        return textAnswer(200);
      },
      { jetStream: { durable: 'reader' } },
    );
    await until(async () => events.length === 5 && (await unacknowledged(stream, 'reader')) === 0);

    expect(events.map(textOf)).toEqual(numbers(5));
    expect(events[0]?.attributes).toMatchObject({ id: `${stream}-1`, offset: 1, topic: subject });
    expect(Math.abs(Date.now() - (events[0]?.timestamp ?? 0))).toBeLessThan(60_000);
  });

  it('reports how far its consumer is, with what is in hand', async () => {
    const stream = await streamOf(subject);
    await publishToStream(numbers(5));
    const released = Promise.withResolvers<void>();
    const config = { kind: 'nats', url: server.url, attributes: { topic: subject, maxInHand: 2, jetStream: {}, ...FAST } };
    const context = bench.context(config, async () => {
      await released.promise;
      return textAnswer(200);
    });
    const gauges: Record<string, number> = {};
    context.metrics.streamGauge = (kind, { topic, partition }, value) => {
      gauges[`${kind} of ${topic}/${partition}`] = value;
    };
    const lag = () => gauges[`committed_lag of ${stream}/0`];

    await bench.start(new NatsTrigger(context));

    await until(() => gauges[`current_offset of ${stream}/0`] === 2 && lag() === 5);
    released.resolve();
    await until(() => lag() === 0);
  });

  it('has no more messages of a stream in hand than it may', async () => {
    const stream = await streamOf(subject);
    let inHand = 0;
    let most = 0;
    let handled = 0;
    await publishToStream(numbers(50));

    await triggerOf(
      async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await sleep(1);
        inHand -= 1;
        handled += 1;
        return textAnswer(200);
      },
      { jetStream: { durable: 'reader' }, maxInHand: 4 },
    );
    await until(async () => handled === 50 && (await unacknowledged(stream, 'reader')) === 0);

    expect(most).toBe(4);
  });

  it('gathers a batch of a stream while another is handled', async () => {
    await streamOf(subject);
    const released = Promise.withResolvers<void>();
    await publishToStream(numbers(40));

    await triggerOf(
      async () => {
        await released.promise;
        return textAnswer(200);
      },
      { jetStream: {} },
      { batch: { mode: 'enable', batchSize: 20, timeout: '10s' } },
    );
    await until(() => bench.batches.length === 2);
    released.resolve();

    expect(bench.batches).toEqual([20, 20]);
  });

  it('still asks for messages after a time in which there were none', async () => {
    await streamOf(subject);
    let handled = 0;
    await triggerOf(
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { jetStream: {}, maxInHand: 2 },
    );

    await sleep(PULLS_EXPIRE_MS);
    await publishToStream(numbers(5));
    await until(() => handled === 5);

    expect(bench.lines).toEqual([]);
  });

  it('makes its consumer anew where that was deleted', async () => {
    const stream = await streamOf(subject);
    const seen: string[] = [];
    await triggerOf(
      (event) => {
        seen.push(textOf(event));
        return textAnswer(200);
      },
      { jetStream: { durable: 'reader' } },
    );
    await publishToStream(['a']);
    await until(() => seen.length === 1);

    await (await jetstreamManager(client)).consumers.delete(stream, 'reader');
    await publishToStream(['b']);
    await until(() => seen.includes('b'));

    expect(bench.lines.join('')).toContain('Trouble with NATS');
  });

  it('shares a stream among all replicas of a function', async () => {
    await streamOf(subject);
    const seen: string[] = [];
    const members = new Set<string>();
    const handleOf = (member: string) => async (event: Event) => {
      await sleep(2);
      members.add(member);
      seen.push(textOf(event));
      return textAnswer(200);
    };

    await Promise.all([triggerOf(handleOf('one'), { jetStream: {} }), triggerOf(handleOf('two'), { jetStream: {} })]);
    await publishToStream(numbers(100));
    await until(() => seen.length >= 100);
    await sleep(50);

    expect(seen.length).toBe(100);
    expect(members).toEqual(new Set(['one', 'two']));
  });

  it('puts a message that fails each time into the dead letters, and does not see it again', async () => {
    const dead = `${subject}.dead`;
    const stream = await streamOf(subject);
    await streamOf(dead, `${dead}.more`);
    let attempts = 0;
    await publishToStream(['bad', 'good']);

    await triggerOf(
      (event) => {
        if (textOf(event) === 'bad') attempts += 1;
        return textAnswer(textOf(event) === 'bad' ? 500 : 200, 'no database');
      },
      { jetStream: { durable: 'reader' }, deadLetter: { topic: dead } },
    );
    await until(async () => (await unacknowledged(stream, 'reader')) === 0);

    const letter = await (await jetstreamManager(client)).streams.getMessage(`stream-${subjects}-2`, { last_by_subj: dead });
    expect(attempts).toBe(3);
    expect(letter?.string()).toBe('bad');
    expect(letter?.header.get('x-dead-letter-reason')).toBe('status 500: no database');
    expect(letter?.header.get('x-dead-letter-source')).toBe(subject);
    expect(bench.counts).toMatchObject({ retries: 2, dead_letters: 1 });
  });

  it('refuses dead letters that no stream would keep', async () => {
    await streamOf(subject);
    const trigger = triggerOf(() => textAnswer(200), { jetStream: {}, deadLetter: { topic: 'nowhere' } });

    await expect(trigger).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT' });
  });

  it('gives signs of life for a message whose handler takes longer than others may', async () => {
    await streamOf(subject);
    let handled = 0;
    await publishToStream(['long']);

    await triggerOf(
      async () => {
        handled += 1;
        await sleep(2500);
        return textAnswer(200);
      },
      { jetStream: { ackWait: '1s' } },
    );
    await sleep(3000);

    expect(handled).toBe(1);
  });

  it('hands back at once what it will not handle when it stops, and another one gets it', async () => {
    const stream = await streamOf(subject);
    const seen: string[] = [];
    await publishToStream(['a']);
    const patient = { retry: { maxAttempts: 5, initialBackoff: '1h', maxBackoff: '1h' } };

    const one = await triggerOf(
      () => {
        seen.push('one');
        return textAnswer(500);
      },
      { jetStream: { durable: 'reader' }, ...patient },
    );
    await until(() => seen.length === 1);
    await triggerOf(
      () => {
        seen.push('two');
        return textAnswer(200);
      },
      { jetStream: { durable: 'reader' } },
    );
    await one.stop(2000);
    await until(async () => (await unacknowledged(stream, 'reader')) === 0, 3000);

    expect(seen).toEqual(['one', 'two']);
  });

  it('does not mind a handler that outlasts the stop, and another one gets its message', async () => {
    const stream = await streamOf(subject);
    const late = Promise.withResolvers<void>();
    const seen: string[] = [];
    const jetStream = { durable: 'reader', ackWait: '1s' };
    await publishToStream(['a']);
    const one = await triggerOf(
      async () => {
        seen.push('one');
        await late.promise;
        return textAnswer(200);
      },
      { jetStream },
    );
    await until(() => seen.length === 1);

    await one.stop(10);
    await triggerOf(
      () => {
        seen.push('two');
        return textAnswer(200);
      },
      { jetStream },
    );
    await until(async () => (await unacknowledged(stream, 'reader')) === 0);
    late.resolve();

    expect(seen).toEqual(['one', 'two']);
  });

  it('loses nothing when the server is killed', async () => {
    const stream = await streamOf(subject);
    const seen = new Set<string>();
    await triggerOf(
      async (event) => {
        await sleep(5);
        seen.add(textOf(event));
        return textAnswer(200);
      },
      { jetStream: { durable: 'reader', ackWait: '1s' } },
    );
    await publishToStream(numbers(100));
    await until(() => seen.size > 10);

    await server.restart();
    await until(async () => seen.size === 100 && (await unacknowledged(stream, 'reader').catch(() => 1)) === 0, 20_000);
  }, 60_000);

  it('takes over a consumer that is there, and gives it its own settings', async () => {
    const stream = await streamOf(subject);
    const { consumers } = await jetstreamManager(client);
    await consumers.add(stream, { durable_name: 'theirs', ack_policy: AckPolicy.Explicit, filter_subject: subject, max_ack_pending: 7 });
    let handled = 0;
    await publishToStream(['a']);

    await triggerOf(
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { jetStream: { stream, durable: 'theirs', maxAckPending: 70 } },
    );
    await until(() => handled === 1);

    expect((await consumers.info(stream, 'theirs')).config.max_ack_pending).toBe(70);
  });
});
