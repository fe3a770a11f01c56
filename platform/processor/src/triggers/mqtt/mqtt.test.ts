import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type IClientPublishOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../../airgap-tests/brokers/certificates.ts';
import { Mosquitto } from '../../../../../airgap-tests/brokers/mosquitto.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, textOf, until } from '../delivery/testing.ts';
import { refuseIotCore } from './iot-core.ts';
import { MqttTrigger } from './mqtt.ts';

const PASSWORDS = { ampoule: 'open sesame' };
const FAST = { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' } };

let broker: Mosquitto;
let client: MqttClient;
let unique = 0;
const bench = new Bench();

beforeAll(async () => {
  broker = await Mosquitto.start({ users: PASSWORDS });
  client = await connectAsync(broker.url, { protocolVersion: 5, username: 'ampoule', password: PASSWORDS.ampoule, reconnectPeriod: 50 });
});

afterAll(async () => {
  await client?.endAsync(true);
  await broker?.stop();
});

afterEach(() => bench.close());

type Handle = (event: Event) => Answer | Promise<Answer>;

function triggerOf(attributes: object, handle: Handle, config: object = {}): Promise<MqttTrigger> {
  const credentials = { username: 'ampoule', password: PASSWORDS.ampoule };
  const all = { kind: 'mqtt', url: broker.url, ...credentials, attributes: { ...FAST, ...attributes }, ...config };
  return bench.start(new MqttTrigger(bench.context(all, handle)));
}

function topicOf(name: string): string {
  unique += 1;
  return `${name}/${unique}`;
}

async function publish(topic: string, texts: readonly string[], options: IClientPublishOptions = { qos: 1 }): Promise<void> {
  // The broker allows a client twenty unfinished messages of QoS 2.
  for (let start = 0; start < texts.length; start += 10) {
    await Promise.all(texts.slice(start, start + 10).map((text) => client.publishAsync(topic, text, options)));
  }
}

/** What arrives at a topic from now on. */
async function listen(topic: string): Promise<IPublishPacket[]> {
  const packets: IPublishPacket[] = [];
  await client.subscribeAsync(topic, { qos: 1 });
  client.on('message', (at, _, packet) => at === topic && packets.push(packet));
  return packets;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

function recorder(seen: string[], pauseMs = 0): Handle {
  return async (event) => {
    if (pauseMs > 0) await sleep(pauseMs);
    seen.push(textOf(event));
    return textAnswer(200);
  };
}

describe.each([4, 5])('MqttTrigger with protocol version %i', (protocolVersion) => {
  it.each([0, 1, 2] as const)('gives messages of QoS %i to the handler', async (qos) => {
    const topic = topicOf('plain');
    const events: Event[] = [];
    await triggerOf({ subscriptions: [{ topic, qos }], protocolVersion }, (event) => {
      events.push(event);
      return textAnswer(200);
    });

    await publish(topic, numbers(50), { qos });
    await until(() => events.length === 50);

    expect(events.map(textOf)).toEqual(numbers(50));
    expect(events[0]).toMatchObject({ trigger: 3, attributes: { url: topic, topic } });
  });

  it.each([1, 2] as const)('gets a message of QoS %i again that was not handled when it was dropped', async (qos) => {
    const topic = topicOf('dropped');
    const attributes = { subscriptions: [{ topic, qos }], protocolVersion, clientID: topic };
    const seen = new Set<string>();
    let calls = 0;
    const handle: Handle = async (event) => {
      calls += 1;
      await sleep(2);
      seen.add(textOf(event));
      return textAnswer(200);
    };
    const first = await triggerOf({ ...attributes, receiveMaximum: 10 }, handle);
    const published = publish(topic, numbers(100), { qos });
    await until(() => seen.size > 20);

    await first.stop(0);
    await published;
    await triggerOf(attributes, handle);
    await until(() => seen.size === 100);

    expect(calls).toBeLessThanOrEqual(140);
  });

  it('asks for its topics again when the broker was killed', async () => {
    const topic = topicOf('killed');
    const seen: string[] = [];
    await triggerOf({ subscriptions: [{ topic, qos: 1 }], protocolVersion }, recorder(seen));
    await publish(topic, ['before']);
    await until(() => seen.length === 1);

    await broker.restart();
    await until(() => bench.counts.reconnects === 1);
    await until(async () => {
      await publish(topic, ['after']);
      return seen.includes('after');
    });
  });

  it('loses nothing of a session when the broker is killed', async () => {
    const topic = topicOf('session');
    const seen: string[] = [];
    await triggerOf({ subscriptions: [{ topic, qos: 1 }], protocolVersion, clientID: topic }, recorder(seen, 5));
    await publish(topic, numbers(100));

    await broker.restart();
    await until(() => new Set(seen).size === 100);
  });

  it('puts what always fails into the dead-letter topic', async () => {
    const topic = topicOf('failing');
    const dead = await listen(`${topic}/dead`);
    const handle: Handle = (event) => textAnswer(textOf(event) === 'bad' ? 500 : 200, 'broken');
    const trigger = await triggerOf(
      { subscriptions: [{ topic, qos: 1 }], protocolVersion, deadLetter: { topic: `${topic}/dead` } },
      handle,
    );

    await publish(topic, ['good', 'bad']);
    await until(() => dead.length === 1);
    await trigger.stop(5000);

    expect(String(dead[0]?.payload)).toBe('bad');
    expect(bench.counts).toEqual({ retries: 2, dead_letters: 1 });
  });
});

describe('MqttTrigger', () => {
  it('shows user properties and the content type of MQTT 5', async () => {
    const topic = topicOf('properties');
    const events: Event[] = [];
    await triggerOf({ subscriptions: [{ topic }], protocolVersion: 5 }, (event) => {
      events.push(event);
      return textAnswer(200);
    });

    await publish(topic, ['x'], { properties: { contentType: 'application/json', userProperties: { a: '1', b: ['2', '3'] } } });
    await until(() => events.length === 1);

    expect(events[0]).toMatchObject({ head: 'a: 1\r\nb: 2\r\nb: 3\r\n', attributes: { contentType: 'application/json' } });
  });

  it('publishes the answer to a request of MQTT 5', async () => {
    const topic = topicOf('request');
    const answers = await listen(`${topic}/answer`);
    await triggerOf({ subscriptions: [{ topic, qos: 1 }], protocolVersion: 5 }, (event) => textAnswer(201, `got ${textOf(event)}`));

    await publish(topic, ['a'], { qos: 1, properties: { responseTopic: `${topic}/answer`, correlationData: Buffer.from('c1') } });
    await until(() => answers.length === 1);

    expect(String(answers[0]?.payload)).toBe('got a');
    expect(answers[0]?.properties?.correlationData).toEqual(Buffer.from('c1'));
    expect(answers[0]?.properties?.userProperties).toMatchObject({ 'x-status': '201' });
  });

  it('says why in the user properties of a dead letter', async () => {
    const topic = topicOf('reason');
    const dead = await listen(`${topic}/dead`);
    await triggerOf({ subscriptions: [{ topic, qos: 1 }], protocolVersion: 5, deadLetter: { topic: `${topic}/dead` } }, () =>
      textAnswer(500, 'broken'),
    );

    await publish(topic, ['bad'], { qos: 1, properties: { userProperties: { own: 'kept' } } });
    await until(() => dead.length === 1);

    expect(dead[0]?.properties?.userProperties).toMatchObject({
      own: 'kept',
      'x-dead-letter-reason': 'status 500: broken',
      'x-dead-letter-source': topic,
      'x-dead-letter-function': 'test-space/counter',
    });
  });

  it('shares a subscription with others of its group', async () => {
    const topic = topicOf('shared');
    const seen: [string[], string[]] = [[], []];
    const attributes = { subscriptions: [{ topic: `$share/group/${topic}`, qos: 1 }], protocolVersion: 5 };
    for (const each of seen) await triggerOf(attributes, recorder(each));

    await publish(topic, numbers(40));
    await until(() => seen[0].length + seen[1].length === 40);

    expect(new Set(seen.flat()).size).toBe(40);
    expect(seen.map(({ length }) => length > 0)).toEqual([true, true]);
  });

  it.each([0, 1])('has no more messages of QoS %i in hand than receiveMaximum', async (qos) => {
    const topic = topicOf('bounded');
    let now = 0;
    let most = 0;
    let done = 0;
    const handle: Handle = async () => {
      now += 1;
      most = Math.max(most, now);
      await sleep(2);
      now -= 1;
      done += 1;
      return textAnswer(200);
    };
    await triggerOf({ subscriptions: [{ topic, qos }], protocolVersion: 5, receiveMaximum: 4 }, handle);

    await publish(topic, numbers(60));
    await until(() => done === 60);

    expect(most).toBe(4);
  });

  it.each([0, 1] as const)('puts messages of QoS %i into the dead letters even if all that it may have in hand fail', async (qos) => {
    const topic = topicOf('all-failing');
    const dead = await listen(`${topic}/dead`);
    const attributes = { subscriptions: [{ topic, qos }], protocolVersion: 5, receiveMaximum: 4, deadLetter: { topic: `${topic}/dead` } };
    await triggerOf(attributes, () => textAnswer(500));

    await publish(topic, numbers(40), { qos });
    await until(() => dead.length === 40);
  });

  it('hands over batches where they are enabled', async () => {
    const topic = topicOf('batched');
    const seen: string[] = [];
    const batch = { batch: { mode: 'enable', batchSize: 10, timeout: '5s' } };
    await triggerOf({ subscriptions: [{ topic, qos: 1 }], protocolVersion: 5, receiveMaximum: 20 }, recorder(seen), batch);

    await publish(topic, numbers(20));
    await until(() => seen.length === 20);

    expect(bench.batches).toEqual([10, 10]);
  });

  it('finishes what is in hand when it is stopped, and leaves the rest to the session', async () => {
    const topic = topicOf('stopped');
    const seen: string[] = [];
    const attributes = { subscriptions: [{ topic, qos: 1 }], protocolVersion: 5, clientID: topic };
    const first = await triggerOf({ ...attributes, receiveMaximum: 5 }, recorder(seen, 20));
    const published = publish(topic, numbers(50));
    await until(() => seen.length >= 5);

    await first.stop(5000);
    const handled = seen.length;
    await published;
    await triggerOf(attributes, recorder(seen));
    await until(() => seen.length >= 50);

    expect(handled).toBeLessThan(50);
    expect(seen.toSorted()).toEqual(numbers(50).toSorted());
  });

  it('does not start with a wrong password, and says so', async () => {
    const starting = triggerOf({ subscriptions: [{ topic: 'a' }] }, () => textAnswer(200), { password: 'wrong' });

    await expect(starting).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT', message: expect.stringMatching(/not authori[sz]ed/i) });
  });

  it('speaks TLS with a broker whose certificate it is told to trust, and with no other', async () => {
    const tls = await makeCertificate('localhost');
    const secure = await Mosquitto.start({ tls });
    try {
      const seen: string[] = [];
      const subscriptions = [{ topic: 'secure', qos: 1 }];
      const config = { url: secure.url };

      const untrusting = triggerOf({ subscriptions }, recorder(seen), config);
      await expect(untrusting).rejects.toMatchObject({ message: expect.stringMatching(/self-signed certificate/) });
      await triggerOf({ subscriptions, caCert: tls.certificate }, recorder(seen), config);
      const publisher = await connectAsync(secure.url, { ca: tls.certificate });
      await publisher.publishAsync('secure', 'a', { qos: 1 });
      await publisher.endAsync();
      await until(() => seen.length === 1);
    } finally {
      await bench.close();
      await secure.stop();
    }
  });

  it('does not start with a topic that MQTT does not allow, and says which', async () => {
    const starting = triggerOf({ subscriptions: [{ topic: 'a/#/b' }] }, () => textAnswer(200));

    await expect(starting).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT', message: expect.stringContaining('a/#/b') });
  });

  it('refuses the kind of a service that has ended', () => {
    expect(() => refuseIotCore(bench.context({ kind: 'iotCoreMqtt' }, () => textAnswer(200)))).toThrow(
      expect.objectContaining({ code: 'AMP_TRIGGER_KIND_RETIRED', fix: expect.stringContaining('mqtt') }),
    );
  });

  it('says that a url is none of a broker', async () => {
    const starting = triggerOf({ subscriptions: [{ topic: 'a' }] }, () => textAnswer(200), { url: 'http://broker' });

    await expect(starting).rejects.toMatchObject({ code: 'AMP_TRIGGER_URL' });
  });

  it('names every mistake in its attributes', () => {
    const wrong = { subscriptions: [{ topic: '', qos: 3 }], protocolVersion: 6, deadLetter: {} };

    expect(() => triggerOf(wrong, () => textAnswer(200))).toThrow(
      /subscriptions\.0\.topic.*\n.*subscriptions\.0\.qos.*\n.*protocolVersion: must be 4 .*\n.*deadLetter\.topic/,
    );
  });
});
