import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { secretDataOf } from '@ampoule/platform-api/mask-secret';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NatsServer } from '../../../airgap-tests/brokers/nats.ts';
import { startBacklog } from './start.ts';

const START_MS = 300_000;
const FUNCTION = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions/';
const SECRET = '/api/v1/namespaces/nuclio/secrets/nuclio-f-00c0ffee';
const REFERENCE = '$ref:/spec/triggers/s/attributes/password';
const user = { user: 'ann', password: 'secret' };
let server: NatsServer;
let nats: NatsConnection;
let api: FakeApi;
let client: KubeClient;
let backlog: Awaited<ReturnType<typeof startBacklog>>;

beforeAll(async () => {
  server = await NatsServer.start({ user });
  nats = await connect({ servers: server.url, user: user.user, pass: user.password });
}, START_MS);
afterAll(async () => {
  await nats?.close();
  await server?.stop();
});

beforeEach(async () => {
  const manager = await jetstreamManager(nats);
  await manager.streams.add({ name: 'orders', subjects: ['orders'] });
  await manager.consumers.add('orders', { durable_name: 'reader', ack_policy: 'explicit' });
  api = new FakeApi();
  client = await api.start();
  api.put(SECRET, {
    metadata: { labels: { 'nuclio.io/function-name': 'f' } },
    type: 'nuclio.io/functionconfig',
    data: secretDataOf(new Map([[REFERENCE, user.password]])),
  });
  const settings = { namespace: 'nuclio', host: '127.0.0.1', port: 0, statusPort: 0 };
  backlog = await startBacklog({ client, settings, logger, intervalMs: 20 });
});
afterEach(async () => {
  await backlog.stop();
  client.close();
  api.stop();
  await (await jetstreamManager(nats)).streams.delete('orders');
});

const stream = (attributes: object = {}) => ({
  kind: 'nats',
  url: server.url,
  attributes: { topic: 'orders', jetStream: { durable: 'reader' }, user: user.user, password: REFERENCE, ...attributes },
});

/** As the controller leaves a function that has these triggers. */
function put(triggers: object, { name = 'f', state = 'scaledToZero', secret = 'nuclio-f-00c0ffee', spec = {} } = {}): void {
  const annotations = { 'ampoule.internal/secret': secret };
  const config = { metadata: { name, namespace: 'nuclio', annotations }, spec: { runtime: 'nodejs', triggers } };
  api.put(`/api/v1/namespaces/nuclio/configmaps/nuclio-${name}`, {
    metadata: { labels: { 'nuclio.io/class': 'function', 'nuclio.io/function-name': name } },
    data: { 'processor.yaml': JSON.stringify(config) },
  });
  api.put(`${FUNCTION}${name}`, { metadata: { annotations }, spec: { runtime: 'nodejs', ...spec }, status: { state } });
}

const statusOf = (name = 'f') => api.objects.get(`${FUNCTION}${name}`)?.status;
const ask = async (name = 'f') => (await fetch(`http://127.0.0.1:${backlog.port}/backlog/nuclio/${name}`)).json();
const metrics = async () => (await fetch(`http://127.0.0.1:${backlog.statusPort}/metrics`)).text();
const counted = (metric: string) => expect.poll(async () => Number(new RegExp(`^${metric} (\\d+)$`, 'm').exec(await metrics())?.[1]));

describe('what waits for a function', () => {
  it('is asked with the secrets that are kept apart from it', async () => {
    put({ w: { kind: 'http' }, s: stream() }, { state: 'ready' });
    await expect.poll(() => ask()).toEqual({ answer: 'empty' });

    await jetstream(nats).publish('orders', 'a');
    // The server counts for its consumers a moment later.
    await expect.poll(() => ask()).toEqual({ answer: 'waiting' });
  });

  it.each([
    ['with the Secret of another function', () => ({ s: stream() }), 'g'],
    ['with a secret that nobody has', () => ({ s: stream({ token: '$ref:/spec/triggers/s/attributes/token' }) }), 'f'],
    ['where one of its brokers cannot be asked', () => ({ s: stream(), m: { kind: 'mqtt', url: 'mqtt://127.0.0.1' } }), 'f'],
    ['with attributes that cannot be', () => ({ s: stream({ topic: '' }) }), 'f'],
  ])('cannot be said %s', async (_, triggers, name) => {
    put(triggers(), { state: 'ready', name });
    put({ s: stream() }, { name: 'other' });
    // What came before is known as well.
    await counted('ampoule_backlog_sleeping_functions').toBe(1);

    expect(await ask(name)).toEqual({ answer: 'unknown' });
  });

  it('is known to wait where one broker says so, whatever the others say', async () => {
    await jetstream(nats).publish('orders', 'a');
    put({ s: stream(), m: { kind: 'mqtt', url: 'mqtt://127.0.0.1' } }, { state: 'ready' });

    await expect.poll(() => ask()).toEqual({ answer: 'waiting' });
  });

  it('cannot be said of one that is not there', async () => {
    expect(await ask('nobody')).toEqual({ answer: 'unknown' });
    expect((await fetch(`http://127.0.0.1:${backlog.port}/backlog/nuclio`)).status).toBe(404);
  });
});

describe('a function that sleeps', () => {
  it('is woken once something comes for it, and not before', async () => {
    put({ s: stream() });
    await counted('ampoule_backlog_questions_total\\{result="answered"\\}').toBeGreaterThan(2);
    expect(statusOf()).toEqual({ state: 'scaledToZero' });
    expect(await metrics()).toContain('ampoule_backlog_messages{function="f",trigger="s"} 0\n');

    await jetstream(nats).publish('orders', 'a');
    await expect
      .poll(() => statusOf())
      .toMatchObject({
        state: 'waitingForScaleResourceFromZero',
        scaleToZero: { lastScaleEvent: 'scaleFromZeroStarted', lastScaleEventTime: expect.any(String) },
      });
    await counted('ampoule_backlog_wakes_total').toBe(1);
    await counted('ampoule_backlog_sleeping_functions').toBe(0);
    expect(await metrics()).not.toContain('ampoule_backlog_messages{');
  });

  it('is left alone where it is disabled, has no streams, or is in another state, and whatever is wrong with others', async () => {
    await jetstream(nats).publish('orders', 'a');
    put({ s: stream() }, { name: 'disabled', spec: { disable: true } });
    put({ w: { kind: 'http' }, c: { kind: 'cron' } }, { name: 'called' });
    put({ s: stream() }, { name: 'ready', state: 'ready' });
    put({ s: 'no trigger' }, { name: 'broken' });
    put({ s: stream() });

    await expect.poll(() => statusOf()).toMatchObject({ state: 'waitingForScaleResourceFromZero' });
    await counted('ampoule_backlog_sleeping_functions').toBe(1);
    expect([statusOf('disabled'), statusOf('called'), statusOf('ready'), statusOf('broken')]).toEqual([
      { state: 'scaledToZero' },
      { state: 'scaledToZero' },
      { state: 'ready' },
      { state: 'scaledToZero' },
    ]);
  });

  it('with an offset that Kafka would forget is woken after a day', async () => {
    // Its own broker is asked in vain, but for this nobody needs it.
    put({ s: stream(), k: { kind: 'kafka', attributes: { brokers: ['127.0.0.1:1'], topics: ['t'], consumerGroup: 'g' } } });
    const lastScaleEventTime = new Date(Date.now() - 86_400_000).toISOString();
    api.put(`${FUNCTION}f`, {
      status: { state: 'scaledToZero', scaleToZero: { lastScaleEvent: 'scaleToZeroCompleted', lastScaleEventTime } },
    });

    await expect.poll(() => statusOf()).toMatchObject({ state: 'waitingForScaleResourceFromZero' });
  });
});
