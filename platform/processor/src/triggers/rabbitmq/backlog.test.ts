import { Connection } from 'rabbitmq-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Certificate, makeCertificate } from '../../../../../airgap-tests/brokers/certificates.ts';
import { RabbitMq } from '../../../../../airgap-tests/brokers/rabbitmq.ts';
import { textAnswer } from '../../engine/text-answer.ts';
import { questionOf } from '../backlog/testing.ts';
import { Bench, until } from '../delivery/testing.ts';
import { RabbitMqBacklog } from './backlog.ts';
import { RabbitMqTrigger } from './rabbitmq.ts';

const START_MS = 60_000;
const bench = new Bench();
let certificate: Certificate;
let rabbit: RabbitMq;
let client: Connection;
let backlog: RabbitMqBacklog;

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
beforeEach(() => {
  backlog = new RabbitMqBacklog();
});
afterEach(async () => {
  await backlog.stop();
  await bench.close();
});

const triggerOf = (queueName: string, config: object = {}) => ({
  kind: 'rabbit-mq',
  url: rabbit.url,
  attributes: { queueName },
  ...config,
});
const ask = (queueName: string, config?: object) => backlog.ask(questionOf(triggerOf(queueName, config)));

async function publish(queue: string, count: number): Promise<void> {
  await client.queueDeclare({ queue, durable: true });
  const publisher = client.createPublisher({ confirm: true });
  for (let i = 0; i < count; i++) await publisher.send({ routingKey: queue, durable: true }, String(i));
  await publisher.close();
}

describe('what waits in RabbitMQ', () => {
  it('is what is in the queue, and asking takes nothing of it', async () => {
    await publish('orders', 3);
    expect([await ask('orders'), await ask('orders')]).toEqual([3, 3]);

    let handled = 0;
    const trigger = await bench.start(
      new RabbitMqTrigger(
        bench.context(triggerOf('orders'), () => {
          handled += 1;
          return textAnswer(200);
        }),
      ),
    );
    await until(() => handled === 3);
    expect(await ask('orders')).toBe(0);
    await trigger.stop(2000);
    await publish('orders', 2);
    expect(await ask('orders')).toBe(2);
  });

  it('is something as long as the queue is not there, and the next question finds it', async () => {
    expect(await ask('later')).toBe(1);
    await publish('later', 4);
    expect(await ask('later')).toBe(4);
  });

  it('is asked by TLS too', async () => {
    await publish('secure', 1);
    const attributes = { queueName: 'secure', caCert: certificate.certificate };

    expect(await ask('secure', { url: rabbit.secureUrl, attributes })).toBe(1);
    await expect(ask('secure', { url: rabbit.secureUrl })).rejects.toThrow();
  });

  it('cannot be said with a wrong password, or by another url', async () => {
    await expect(ask('orders', { password: 'wrong', username: 'guest' })).rejects.toThrow(/ACCESS_REFUSED/);
    await expect(ask('orders', { url: 'http://127.0.0.1' })).rejects.toMatchObject({ code: 'AMP_TRIGGER_BACKLOG' });
  });

  it('cannot be said while the broker is away, and can be after', async () => {
    await publish('durable', 2);
    expect(await ask('durable')).toBe(2);

    await rabbit.kill();
    await expect(ask('durable')).rejects.toThrow();
    await rabbit.restart();
    await expect.poll(() => ask('durable').catch(() => -1), { timeout: 40_000, interval: 200 }).toBe(2);
  }, 120_000);
});
