import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NatsServer } from '../../../../../airgap-tests/brokers/nats.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { questionOf } from '../backlog/testing.ts';
import { Bench, until } from '../delivery/testing.ts';
import { NatsBacklog } from './backlog.ts';
import { NatsTrigger } from './nats.ts';

const START_MS = 300_000;
const credentials = { user: 'ann', password: 'secret' };
const bench = new Bench();
let server: NatsServer;
let client: NatsConnection;
let backlog: NatsBacklog;
let subjects = 0;
let subject: string;

beforeAll(async () => {
  server = await NatsServer.start({ user: credentials });
  client = await connect({ servers: server.url, user: credentials.user, pass: credentials.password, maxReconnectAttempts: -1 });
}, START_MS);

afterAll(async () => {
  await client?.close();
  await server?.stop();
});

beforeEach(async () => {
  backlog = new NatsBacklog(2000);
  subjects += 1;
  subject = `waiting.${subjects}`;
  await (await jetstreamManager(client)).streams.add({ name: `waiting-${subjects}`, subjects: [subject] });
});

afterEach(async () => {
  await backlog.stop();
  await bench.close();
});

const triggerOf = (attributes: object = {}) => ({
  kind: 'nats',
  url: server.url,
  attributes: { topic: subject, ...credentials, jetStream: {}, ...attributes },
});
const ask = (attributes?: object) => backlog.ask(questionOf(triggerOf(attributes)));

async function publish(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await jetstream(client).publish(subject, String(i));
}

describe('what waits in JetStream', () => {
  it('is what was neither handed over nor acknowledged, and asking takes nothing of it', async () => {
    const gate = Promise.withResolvers<void>();
    let handled = 0;
    const handle = async () => {
      await gate.promise;
      handled += 1;
      return textAnswer(200);
    };
    const trigger = await bench.start(new NatsTrigger(bench.context(triggerOf({ maxInHand: 2 }), handle)));
    expect(await ask()).toBe(0);

    await publish(5);
    expect(await ask()).toBe(5);
    gate.resolve();
    await until(() => handled === 5);
    await expect.poll(() => ask()).toBe(0);

    await trigger.stop(2000);
    await publish(3);
    expect([await ask(), await ask()]).toEqual([3, 3]);
  });

  it('is something as long as the consumer is not there, which the trigger makes', async () => {
    expect(await ask()).toBe(1);
  });

  it('cannot be said of core NATS, with wrong credentials, with those of a file, or without a stream', async () => {
    const noFile = { user: undefined, password: undefined, creds: '/etc/hostname' };

    await expect(ask({ jetStream: undefined })).rejects.toThrow('reads core NATS');
    await expect(ask({ password: 'wrong' })).rejects.toThrow(/authorization/i);
    await expect(ask(noFile)).rejects.toThrow('has its creds in a file');
    await expect(ask({ topic: 'of.no.stream' })).rejects.toThrow();
    await expect(ask({ topic: undefined })).rejects.toMatchObject({ code: 'AMP_INPUT_INVALID' });
  });

  it('cannot be said while the server is away, and can be after', async () => {
    const trigger = await bench.start(new NatsTrigger(bench.context(triggerOf(), () => textAnswer(200))));
    await trigger.stop(2000);
    await publish(2);
    expect(await ask()).toBe(2);

    await server.kill();
    await expect(ask()).rejects.toThrow();
    await server.restart();
    await expect.poll(() => ask().catch(() => -1), { timeout: 15_000 }).toBe(2);
  });
});
