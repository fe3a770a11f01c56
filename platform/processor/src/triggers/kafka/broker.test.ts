import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../engine/event.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { TriggerMetrics } from '../../metrics/trigger-metrics.ts';
import { textOf, until } from '../delivery/testing.ts';
import { KafkaTrigger } from './kafka.ts';
import { KafkaBench, numbers } from './testing.ts';

const kafka = new KafkaBench();

/** A JWT without a signature, which the broker of these tests takes. */
function unsignedToken(sub: string): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [{ alg: 'none' }, { sub, iat: now, exp: now + 60, scope: 'read' }];
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`;
}

describe('KafkaTrigger among others', () => {
  it.each(['range', 'roundrobin', 'sticky'])(
    'shares partitions with another member (%s), and no event is lost or handled twice',
    async (balanceStrategy) => {
      const topic = await kafka.client.topic(4);
      const seen: string[] = [];
      const shards = new Set<string>();
      const handleOf = (member: string) => async (event: Event) => {
        await sleep(2);
        seen.push(textOf(event));
        shards.add(`${member}${event.attributes?.shardId}`);
        return textAnswer(200);
      };
      const fill = async (prefix: string) => {
        for (const partition of [0, 1, 2, 3]) await kafka.client.send(topic, numbers(50, `${prefix}${partition}-`), { partition });
      };

      await fill('a');
      await kafka.triggerOf(topic, handleOf('one'), { attributes: { balanceStrategy } });
      await until(() => seen.length > 20);
      const two = await kafka.triggerOf(topic, handleOf('two'), { attributes: { balanceStrategy } });
      await fill('b');
      await until(() => seen.length >= 400);
      const both = [...shards].filter((each) => each.startsWith('two')).length;
      await two.stop(5000);
      await fill('c');
      await until(() => seen.length >= 600);

      expect(both).toBe(2);
      expect(seen.length).toBe(new Set(seen).size);
    },
  );

  it('reports how far it is in those partitions alone that it has', async () => {
    const topic = await kafka.client.topic(2);
    const metrics = new TriggerMetrics();
    const reported = () => [...new Set(Array.from(metrics.gauges.values(), ({ partition }) => partition))].sort();
    for (const partition of [0, 1]) await kafka.client.send(topic, numbers(5), { partition });

    const one = await kafka.bench.start(new KafkaTrigger({ ...kafka.contextOf(topic, () => textAnswer(200)), metrics }));
    await until(() => reported().length === 2);
    await kafka.triggerOf(topic, () => textAnswer(200));
    await until(() => reported().length === 1);
    await one.stop(1000);

    expect(reported()).toEqual([]);
  });

  it('gives partitions up in time where a handler will not end, and hands its event over again', async () => {
    const topic = await kafka.client.topic(2);
    const stuck = Promise.withResolvers<void>();
    const seen: string[] = [];
    const handleOf = (member: string) => async (event: Event) => {
      seen.push(`${member}:${textOf(event)}`);
      if (member === 'one' && textOf(event).startsWith('stuck')) await stuck.promise;
      return textAnswer(200);
    };
    for (const partition of [0, 1]) await kafka.client.send(topic, [`stuck${partition}`, `next${partition}`], { partition });
    const attributes = { maxWaitHandlerDuringRebalance: '300ms' };

    await kafka.triggerOf(topic, handleOf('one'), { attributes });
    await until(() => seen.length === 2);
    await kafka.triggerOf(topic, handleOf('two'), { attributes });
    await until(() => seen.filter((each) => each.startsWith('two')).length === 2);
    const before = seen.filter((each) => each.startsWith('one')).length;
    stuck.resolve();
    await until(() => seen.filter((each) => each.startsWith('one:next')).length === 1);

    expect(before).toBe(2);
    expect(seen.filter((each) => each.startsWith('one:stuck'))).toHaveLength(2);
  });

  it('stays a member while the others wait for a handler that takes longer than a session lasts', async () => {
    const topic = await kafka.client.topic(2);
    const seen: string[] = [];
    const attributes = { sessionTimeout: '1500ms', maxWaitHandlerDuringRebalance: '8s' };
    for (const partition of [0, 1]) await kafka.client.send(topic, [`long${partition}`], { partition });

    await kafka.triggerOf(
      topic,
      async (event) => {
        seen.push(textOf(event));
        await sleep(4000);
        return textAnswer(200);
      },
      { attributes },
    );
    await until(() => seen.length === 2);
    await kafka.triggerOf(
      topic,
      (event) => {
        seen.push(textOf(event));
        return textAnswer(200);
      },
      { attributes },
    );
    await kafka.client.send(topic, ['next'], { partition: 1 });
    await until(() => seen.includes('next'));

    expect(seen).toEqual(['long0', 'long1', 'next']);
  });

  it('notices partitions that a topic gets later, and reads them from their beginning', async () => {
    const topic = await kafka.client.topic(1);
    const seen: string[] = [];
    await kafka.triggerOf(
      topic,
      (event) => {
        seen.push(textOf(event));
        return textAnswer(200);
      },
      { attributes: { initialOffset: 'latest' } },
    );

    await kafka.client.grow(topic, 2);
    await kafka.client.send(topic, numbers(3), { partition: 1 });
    await until(() => seen.length === 3, 20_000);
  }, 30_000);

  it.each([
    ['PLAIN', {}],
    ['SCRAM-SHA-256', {}],
    ['SCRAM-SHA-512', {}],
  ])('logs in with %s', async (mechanism) => {
    const topic = await kafka.client.topic();
    let handled = 0;
    await kafka.client.send(topic, ['a']);

    const sasl = { enable: true, user: 'alice', password: 'alice-secret', mechanism };
    await kafka.triggerOf(
      topic,
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { attributes: { brokers: [kafka.broker.sasl], sasl } },
    );
    await until(() => handled === 1);
  });

  it('logs in with a token of an authorization server', async () => {
    const topic = await kafka.client.topic();
    const requests: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => requests.push(`${request.headers.authorization} ${body}`));
      request.on('end', () => response.end(JSON.stringify({ access_token: unsignedToken('alice'), expires_in: 60 })));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    let handled = 0;
    await kafka.client.send(topic, ['a']);

    const oauth = { clientID: 'shop', clientSecret: 'secret', tokenURL: `http://127.0.0.1:${port}/token`, scopes: ['read'] };
    await kafka.triggerOf(
      topic,
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { attributes: { brokers: [kafka.broker.sasl], sasl: { enable: true, mechanism: 'OAUTHBEARER', oauth } } },
    );
    await until(() => handled === 1);

    expect(requests[0]).toBe(`Basic ${Buffer.from('shop:secret').toString('base64')} grant_type=client_credentials&scope=read`);
  });

  it('says at once that a password is wrong, and does not show it', async () => {
    const topic = await kafka.client.topic();
    const sasl = { enable: true, user: 'alice', password: 'not-this-one', mechanism: 'SCRAM-SHA-512' };

    const error = await kafka
      .triggerOf(topic, () => textAnswer(200), { attributes: { brokers: [kafka.broker.sasl], sasl } })
      .catch((cause) => cause);

    expect(error).toMatchObject({ code: 'AMP_TRIGGER_CONNECT' });
    expect(error.message).toMatch(/SASL/);
    expect(error.message + kafka.bench.lines.join('')).not.toContain('not-this-one');
  });

  it('speaks TLS, with a certificate of its own in one line', async () => {
    const topic = await kafka.client.topic();
    let handled = 0;
    await kafka.client.send(topic, ['a']);

    const attributes = {
      brokers: [kafka.broker.tls],
      tls: { enable: true },
      caCert: kafka.broker.server.certificate.replaceAll('\n', '@'),
      accessKey: kafka.broker.client.key.replaceAll('\n', ' '),
      accessCertificate: kafka.broker.client.certificate,
    };
    await kafka.triggerOf(
      topic,
      () => {
        handled += 1;
        return textAnswer(200);
      },
      { attributes },
    );
    await until(() => handled === 1);
  });

  it('trusts no broker whose certificate it does not know, unless told to', async () => {
    const topic = await kafka.client.topic();
    const attributes = { brokers: [kafka.broker.tls], tls: { enable: true } };

    const refused = kafka.triggerOf(topic, () => textAnswer(200), { attributes });
    await expect(refused).rejects.toMatchObject({ code: 'AMP_TRIGGER_CONNECT' });
    await kafka.triggerOf(topic, () => textAnswer(200), { attributes: { ...attributes, tls: { enable: true, insecureSkipVerify: true } } });
  });

  it('loses no event when the processor is killed', async () => {
    const topic = await kafka.client.topic(2);
    for (const partition of [0, 1]) await kafka.client.send(topic, numbers(300, `${partition}-`), { partition });
    const folder = await mkdtemp(join(tmpdir(), 'ampoule-kafka-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'handled');
    const handled = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    const fixture = join(import.meta.dirname, 'consumer.fixture.ts');

    const processor = spawn(process.execPath, [fixture, kafka.broker.plain, topic, kafka.group, file], { stdio: 'ignore' });
    await until(async () => (await kafka.client.committed(kafka.group, topic, 2)).some((offset) => offset > 0), 20_000);
    processor.kill('SIGKILL');
    await once(processor, 'exit');
    const before = await handled();
    const after: string[] = [];
    await kafka.triggerOf(topic, (event) => {
      after.push(textOf(event));
      return textAnswer(200);
    });
    await until(() => new Set([...before, ...after]).size === 600, 20_000);

    expect(before.length).toBeGreaterThan(0);
    expect(after.length).toBeLessThan(600);
  }, 60_000);

  it('goes on after the broker was killed and has come back', async () => {
    const topic = await kafka.client.topic(2);
    const seen = new Set<string>();

    await kafka.triggerOf(topic, (event) => {
      seen.add(textOf(event));
      return textAnswer(200);
    });
    await kafka.client.send(topic, numbers(10, 'a'));
    await until(() => seen.size === 10);
    await kafka.broker.restart();
    await kafka.client.send(topic, numbers(10, 'b'), { partition: 1 });
    await until(() => seen.size === 20, 30_000);
    await until(async () => (await kafka.client.committed(kafka.group, topic, 2))[1] === 10, 20_000);

    expect(kafka.bench.counts.reconnects).toBeGreaterThan(0);
  }, 90_000);
});
