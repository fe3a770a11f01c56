import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@ampoule/lib/testing/free-port';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Subscription } from '../../../../../airgap-tests/brokers/pubsub/subscription.ts';
import { PubSub } from '../../../../../airgap-tests/brokers/pubsub.ts';
import type { Answer, Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { Bench, textOf, until } from '../delivery/testing.ts';
import { subscriptionOf } from './names.ts';
import { PubSubTrigger } from './pubsub.ts';

const FAST = { retry: { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '5ms' } };
const bench = new Bench();
let pubsub: PubSub;
let contents: string;
let folder: string;

beforeAll(async () => {
  pubsub = await PubSub.start();
  contents = pubsub.accounts.create('reader', pubsub.tokenUri);
  folder = await mkdtemp(join(tmpdir(), 'ampoule-pubsub-'));
});

afterAll(async () => {
  await pubsub?.stop();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  await bench.close();
  pubsub.failing.clear();
  vi.unstubAllEnvs();
});

type Handle = (event: Event) => Answer | Promise<Answer>;

interface Config {
  subscription?: object;
  attributes?: object;
  [field: string]: unknown;
}

function triggerOf(topic: string, handle: Handle, { subscription = {}, attributes = {}, ...config }: Config = {}) {
  const subscriptions = [{ topic, shared: true, ...subscription }];
  const all = { projectID: 'test-project', credentials: { contents }, subscriptions, ...FAST, ...attributes };
  return bench.start(new PubSubTrigger(bench.context({ kind: 'pubsub', url: pubsub.url, attributes: all, ...config }, handle)));
}

function recorder(seen: string[]) {
  return (event: Event) => {
    seen.push(textOf(event));
    return textAnswer(200);
  };
}

const encoded = (text: string) => Buffer.from(text).toString('base64');
const messages = (texts: readonly string[]) => texts.map((text) => ({ data: encoded(text) }));
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

describe('PubSubTrigger', () => {
  it('gives a message to the handler with its id, topic, time and attributes', async () => {
    const topic = pubsub.topic('fields');
    const events: Event[] = [];
    await triggerOf('fields', (event) => {
      events.push(event);
      return textAnswer(200);
    });

    const attributes = { 'Content-Type': 'application/json', 'x-name': 'é', 'cloudEvents:id': '9' };
    const [id] = pubsub.publish(topic, [{ data: Buffer.from([0xff, 0x00]).toString('base64'), attributes, orderingKey: 'k' }]);
    await until(() => events.length === 1);

    expect(events[0]).toMatchObject({ trigger: 3, method: '', target: 'fields' });
    expect(events[0]?.attributes).toEqual({ id, contentType: 'application/json', topic: 'fields' });
    expect(Buffer.from(String(events[0]?.head), 'latin1').toString()).toBe(
      'x-pubsub-ordering-key: k\r\nContent-Type: application/json\r\nx-name: é\r\ncloudEvents_id: 9\r\n',
    );
    expect([...(events[0]?.body ?? [])]).toEqual([0xff, 0x00]);
    expect(Date.now() - (events[0]?.timestamp ?? 0)).toBeLessThan(10_000);
  });

  it('makes its subscription, or takes the one that is there, and acknowledges what is handled', async () => {
    const topic = pubsub.topic('made');
    const seen: string[] = [];
    const first = await triggerOf('made', recorder(seen), { subscription: { ackDeadline: '20s' } });
    pubsub.publish(topic, messages(numbers(50)));
    await until(() => seen.length === 50);
    await first.stop(5000);

    const made = pubsub.subscription('nuclio-pubmade');
    expect(made.settings).toEqual({ topic, ackDeadlineSeconds: 20 });
    expect(made.size).toBe(0);
    await triggerOf('made', recorder(seen));
    pubsub.publish(topic, messages(['later']));
    await until(() => seen.length === 51);
  });

  it('has a subscription by the name of its host where it is not shared, which expires when nobody comes back', async () => {
    pubsub.topic('own');

    await triggerOf('own', () => textAnswer(200), { subscription: { shared: false, idPrefix: 'own-' } });

    const id = subscriptionOf('test-project', { topic: 'own', idPrefix: 'own-', shared: false, skipCreate: false }, hostname());
    expect(pubsub.subscriptions.get(id)?.settings).toMatchObject({ expirationPolicy: { ttl: '86400s' } });
  });

  it('makes no subscription where it is told that there is one', async () => {
    const topic = pubsub.topic('there');
    pubsub.subscriptions.set('projects/test-project/subscriptions/my-there', new Subscription({ topic, ackDeadlineSeconds: 10 }));
    const seen: string[] = [];
    const before = pubsub.calls.get('PUT');

    await triggerOf('there', recorder(seen), { subscription: { idPrefix: 'my-', skipCreate: true, shared: false } });
    pubsub.publish(topic, messages(['a']));
    await until(() => seen.length === 1);

    expect(pubsub.calls.get('PUT')).toBe(before);
  });

  it('handles as many messages at a time as it has workers, or as the subscription allows', async () => {
    for (const [name, maxNumWorkers, expected] of [
      ['wide', 0, 4],
      ['narrow', 2, 2],
    ] as const) {
      const topic = pubsub.topic(name);
      let [inHand, most, handled] = [0, 0, 0];
      const handle = async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await sleep(5);
        inHand -= 1;
        handled += 1;
        return textAnswer(200);
      };
      await triggerOf(name, handle, { numWorkers: 4, subscription: { maxNumWorkers } });

      pubsub.publish(topic, messages(numbers(40)));
      await until(() => handled === 40);

      expect(most).toBe(expected);
    }
  });

  it('takes no more messages than may be in hand', async () => {
    const topic = pubsub.topic('bounded');
    const handling = Promise.withResolvers<void>();
    const other: string[] = [];
    await triggerOf(
      'bounded',
      async () => {
        await handling.promise;
        return textAnswer(200);
      },
      { attributes: { maxOutstanding: 5 } },
    );
    pubsub.publish(topic, messages(numbers(20)));
    await sleep(100);

    await triggerOf('bounded', recorder(other));
    await until(() => other.length >= 15);
    await sleep(100);

    expect(other).toHaveLength(15);
    handling.resolve();
    await until(() => pubsub.subscription('nuclio-pubbounded').size === 0);
  });

  it('hands over batches', async () => {
    const topic = pubsub.topic('batches');
    const seen: string[] = [];
    await triggerOf('batches', recorder(seen), { batch: { mode: 'enable', batchSize: 10, timeout: '100ms' } });

    pubsub.publish(topic, messages(numbers(25)));
    await until(() => seen.length === 25);

    expect(bench.batches).toEqual([10, 10, 5]);
    await until(() => pubsub.subscription('nuclio-pubbatches').size === 0);
  });

  it('keeps the order of messages with an ordering key, also where one of them is given back', async () => {
    const topic = pubsub.topic('ordered');
    pubsub.subscriptions.set(
      'projects/test-project/subscriptions/nuclio-pubordered',
      new Subscription({ topic, ackDeadlineSeconds: 10, enableMessageOrdering: true }),
    );
    const handled: string[] = [];
    let failures = 4;
    await triggerOf(
      'ordered',
      async (event) => {
        await sleep(textOf(event).endsWith('0') ? 10 : 1);
        if (textOf(event) === 'b1' && failures > 0) {
          failures -= 1;
          return textAnswer(500);
        }
        handled.push(textOf(event));
        return textAnswer(200);
      },
      { numWorkers: 4 },
    );

    pubsub.publish(
      topic,
      ['a0', 'b0', 'a1', 'b1', 'b2', 'a2', 'b3'].map((text) => ({ data: encoded(text), orderingKey: text[0] ?? '' })),
    );
    await until(() => handled.length >= 7);
    await until(() => pubsub.subscription('nuclio-pubordered').size === 0);

    expect(handled.filter((each) => each.startsWith('a'))).toEqual(['a0', 'a1', 'a2']);
    expect(handled.filter((each) => each.startsWith('b'))).toEqual(['b0', 'b1', 'b2', 'b3']);
  });

  it('tries a failing handler again, and acknowledges after that', async () => {
    const topic = pubsub.topic('retried');
    let attempts = 0;
    await triggerOf('retried', () => textAnswer(++attempts < 3 ? 500 : 200));

    pubsub.publish(topic, messages(['a']));
    await until(() => pubsub.subscription('nuclio-pubretried').size === 0);

    expect(attempts).toBe(3);
    expect(bench.counts.retries).toBe(2);
  });

  it('puts what always fails into a topic of dead letters, which say why', async () => {
    const topic = pubsub.topic('failing');
    pubsub.topic('graveyard');
    const seen: Event[] = [];
    await triggerOf('graveyard', (event) => {
      seen.push(event);
      return textAnswer(200);
    });
    await triggerOf('failing', (event) => textAnswer(textOf(event) === 'bad' ? 500 : 200, 'broken é'.repeat(200)), {
      attributes: { deadLetter: { topic: 'graveyard' } },
    });

    const [, id] = pubsub.publish(
      topic,
      ['good', 'bad'].map((text) => ({ data: encoded(text), attributes: { 'x-own': text } })),
    );
    await until(() => seen.length === 1);
    await until(() => pubsub.subscription('nuclio-pubfailing').size === 0);

    expect(seen.map(textOf)).toEqual(['bad']);
    const head = String(seen[0]?.head);
    expect(head).toContain('x-own: bad\r\n');
    expect(head).toContain('x-dead-letter-reason: status 500: broken');
    expect(head).toContain('x-dead-letter-function: test-space/counter\r\n');
    expect(head).toContain(`x-dead-letter-source: failing/${id}\r\n`);
  });

  it('gives a message back where it fails and there are no dead letters', async () => {
    const topic = pubsub.topic('given-back');
    let attempts = 0;
    await triggerOf('given-back', () => textAnswer(++attempts <= 3 ? 500 : 200));

    pubsub.publish(topic, messages(['a']));
    await until(() => pubsub.subscription('nuclio-pubgiven-back').size === 0);

    expect(attempts).toBe(4);
    expect(bench.counts.given_up).toBe(1);
  });

  it('keeps a message while its handler takes longer than the ack deadline', async () => {
    const topic = pubsub.topic('long');
    let begun = 0;
    const handle = async () => {
      begun += 1;
      await sleep(12_000);
      return textAnswer(200);
    };
    await triggerOf('long', handle);
    await triggerOf('long', handle);

    pubsub.publish(topic, messages(['a']));
    await until(() => pubsub.subscription('nuclio-publong').size === 0, 20_000);

    expect(begun).toBe(1);
  });

  it('loses nothing when it is killed at any moment', { timeout: 120_000 }, async () => {
    const topic = pubsub.topic('killed');
    const id = 'projects/test-project/subscriptions/nuclio-pubkilled';
    const subscription = new Subscription({ topic, ackDeadlineSeconds: 10 });
    pubsub.subscriptions.set(id, subscription);
    pubsub.publish(topic, messages(numbers(500)));
    const [key, file] = [join(folder, 'key.json'), join(folder, 'killed.txt')];
    await writeFile(key, contents);
    await writeFile(file, '');
    const handled = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
    const args = [join(import.meta.dirname, 'consumer.fixture.ts'), pubsub.url, 'killed', file];
    const consume = () => {
      const env = { ...process.env, GOOGLE_APPLICATION_CREDENTIALS: key };
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
      onTestFinished(() => void child.kill('SIGKILL'));
      return child;
    };

    for (const milliseconds of [3, 60, 150]) {
      const child = consume();
      const before = (await handled()).length;
      // How long a process takes to start differs; from there on it is a moment like any other.
      await until(async () => (await handled()).length > before, 30_000);
      await sleep(milliseconds);
      child.kill('SIGKILL');
      await once(child, 'exit');
      subscription.pass(10_000);
    }
    const before = (await handled()).length;
    consume();
    // What was on its way to the one that was killed last comes again when its deadline is over.
    await until(() => subscription.size === 0, 60_000);

    expect(new Set(await handled()).size).toBe(500);
    expect(before).toBeGreaterThan(0);
    expect((await handled()).length).toBeLessThan(600);
  });

  it('gives back what waits when it stops, and waits for what is in hand', async () => {
    const topic = pubsub.topic('stopped');
    const seen: string[] = [];
    const first = await triggerOf('stopped', async (event) => {
      await sleep(100);
      seen.push(textOf(event));
      return textAnswer(200);
    });
    pubsub.publish(topic, messages(numbers(10)));
    await until(() => seen.length === 1);

    await first.stop(5000);
    const left = pubsub.subscription('nuclio-pubstopped').size;
    await triggerOf('stopped', recorder(seen));
    await until(() => seen.length === 10);

    expect(left).toBe(8);
    expect(new Set(seen).size).toBe(10);
  });

  it('goes on where the service fails for a while, and loses nothing', async () => {
    const topic = pubsub.topic('flaky');
    const seen: string[] = [];
    await triggerOf('flaky', recorder(seen));
    pubsub.failing.set('pull', { status: 'UNAVAILABLE', count: 2 });
    pubsub.failing.set('acknowledge', { status: 'UNAVAILABLE', count: 2 });

    pubsub.publish(topic, messages(numbers(5)));
    await until(() => seen.length >= 5);
    await until(() => pubsub.subscription('nuclio-pubflaky').size === 0);

    expect(new Set(seen).size).toBe(5);
    expect(bench.lines.some((line) => line.includes('UNAVAILABLE'))).toBe(true);
  });

  it('waits where it is told that it asks too often', async () => {
    const topic = pubsub.topic('limited');
    const seen: string[] = [];
    pubsub.failing.set('PUT', { status: 'RESOURCE_EXHAUSTED', count: 1 });
    pubsub.failing.set('pull', { status: 'RESOURCE_EXHAUSTED', count: 3 });
    await triggerOf('limited', recorder(seen));

    pubsub.publish(topic, messages(['a']));
    await until(() => seen.length === 1);

    expect(bench.counts.throttled).toBe(3);
  });

  it('gets one token for all its calls, and another when that is revoked', async () => {
    const topic = pubsub.topic('tokens');
    const seen: string[] = [];
    const credentials = { contents: pubsub.accounts.create('counted', pubsub.tokenUri) };
    await triggerOf('tokens', recorder(seen), { attributes: { credentials } });
    pubsub.publish(topic, messages(['a']));
    await until(() => seen.length === 1);
    const first = pubsub.accounts.given('counted');

    pubsub.accounts.revokeTokens();
    pubsub.publish(topic, messages(['b']));
    await until(() => seen.length === 2);
    await until(() => pubsub.subscription('nuclio-pubtokens').size === 0);

    expect(first).toBe(1);
    expect(pubsub.accounts.given('counted')).toBe(2);
  });

  it('uses an emulator without credentials where the environment names one', async () => {
    vi.stubEnv('PUBSUB_EMULATOR_HOST', new URL(pubsub.url).host);

    const starting = triggerOf('fields', () => textAnswer(200), { url: '', attributes: { credentials: {} } });

    // This one wants credentials, so what it answers shows that it was asked without.
    await expect(starting).rejects.toMatchObject({ message: expect.stringMatching(/UNAUTHENTICATED: Request had invalid/) });
  });

  it.each([
    ['no credentials', () => ({ credentials: {} }), /there are no credentials/],
    ['credentials that are none', () => ({ credentials: { contents: '{"type": "authorized_user"}' } }), /type: must be service_account/],
    [
      'an unknown account',
      () => ({ credentials: { contents: changed({ client_email: 'nobody@test' }) } }),
      /invalid_grant.*account not found/,
    ],
    ['the key of another account', () => ({ credentials: { contents: changed({ client_email: known('other') }) } }), /invalid_grant/],
    ['an account that may not subscribe', () => ({ credentials: { contents: stranger() } }), /PERMISSION_DENIED: User not authorized/],
    ['no credentials where the service wants some', () => ({ noCredentials: true }), /UNAUTHENTICATED/],
    ['a topic that is not there', () => ({ subscriptions: [{ topic: 'absent' }] }), /NOT_FOUND: .*absent/],
    ['dead letters that are not there', () => ({ deadLetter: { topic: 'absent' } }), /NOT_FOUND: .*absent/],
  ])('does not start with %s, and says so', async (_, attributes, message) => {
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '');
    pubsub.topic('refused');

    await expect(triggerOf('refused', () => textAnswer(200), { attributes: attributes() })).rejects.toMatchObject({
      code: 'AMP_TRIGGER_CONNECT',
      message: expect.stringMatching(message),
    });
  });

  it('tries to start again while the service is away, until it is stopped', async () => {
    const host = `127.0.0.1:${await freePort()}`;
    const starting = triggerOf('away', () => textAnswer(200), { url: `http://${host}`, attributes: { noCredentials: true } });
    await until(() => bench.lines.some((line) => line.includes(`${host} does not answer: connect ECONNREFUSED`)));

    await bench.close();

    await expect(starting).resolves.toBeDefined();
  });

  it('says that a url is none of Pub/Sub', async () => {
    await expect(triggerOf('a', () => textAnswer(200), { url: 'amqp://pubsub' })).rejects.toMatchObject({ code: 'AMP_TRIGGER_URL' });
  });

  it('names every mistake in its attributes', () => {
    const attributes = { projectID: '', subscriptions: [{ topic: 'a/b', ackDeadline: '1s' }], maxOutstanding: -1, deadLetter: {} };

    expect(() => triggerOf('a', () => textAnswer(200), { attributes })).toThrow(
      /projectID.*\n.*subscriptions\.0\.topic.*\n.*subscriptions\.0\.ackDeadline: must be from 10s.*\n.*maxOutstanding.*\n.*deadLetter/,
    );
  });
});

/** The key of the account that may read, with other fields. */
function changed(fields: object): string {
  return JSON.stringify({ ...JSON.parse(contents), ...fields });
}

function known(name: string): string {
  return JSON.parse(pubsub.accounts.create(name, pubsub.tokenUri)).client_email;
}

function stranger(): string {
  return pubsub.accounts.create('stranger', pubsub.tokenUri, false);
}
