import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KubeClient } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { Leadership, leaderAddressOf } from './leadership.ts';
import { silentLogger as logger } from './logger.ts';
import { resources } from './resources.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/ns/leases/one';
let api: FakeApi;
let client: KubeClient;
let held: Leadership[];

beforeEach(async () => {
  api = new FakeApi();
  client = await api.start();
  held = [];
});
afterEach(async () => {
  api.intercept = undefined;
  api.beforeAnswer = undefined;
  for (const leadership of held) await leadership.release();
  client.close();
  api.stop();
});

const holder = () => (api.objects.get(PATH)?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;

async function acquire(identity: string, onLost = vi.fn(), requestTimeoutMs = 500): Promise<Leadership> {
  const times = { durationSeconds: 1, renewWithinMs: 600, requestTimeoutMs, retryMs: 50 };
  const leadership = await Leadership.acquire({ client, logger, namespace: 'ns', name: 'one', identity, onLost, ...times });
  held.push(leadership);
  return leadership;
}

/** A candidate that has just been killed. */
function leaveLease(identity: string): void {
  api.put(PATH, {
    spec: { holderIdentity: identity, leaseDurationSeconds: 1, renewTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 4 },
  });
}

it('makes the first candidate the leader, and keeps it so for longer than a lease lasts', async () => {
  const onLost = vi.fn();
  await acquire('a', onLost);
  const second = vi.fn();
  const waiting = acquire('b').then(second);

  await delay(1500);
  expect(holder()).toBe('a');
  expect([onLost.mock.calls, second.mock.calls]).toEqual([[], []]);
  await held[0]?.release();
  await waiting;
});

it('says where its leader is reached, for as long as there is one', async () => {
  const candidate = { namespace: 'ns', name: 'one', identity: 'a', address: '10.0.0.9' };
  expect(await leaderAddressOf(client, candidate)).toBeUndefined();
  leaveLease('dead');
  const leadership = await Leadership.acquire({ client, logger, ...candidate, onLost: vi.fn(), retryMs: 50 });
  expect(await leaderAddressOf(client, candidate)).toBe('10.0.0.9');

  await leadership.release();
  expect(await leaderAddressOf(client, candidate)).toBeUndefined();
});

it('lets the next candidate lead soon after the leader has gone in order', async () => {
  const first = await acquire('a');
  const waiting = acquire('b');
  await delay(100);

  const released = performance.now();
  await first.release();
  await waiting;

  expect(holder()).toBe('b');
  expect(performance.now() - released).toBeLessThan(1000);
});

it('waits for the whole lease of a leader that died, whatever the clocks say', async () => {
  leaveLease('dead');
  const began = performance.now();

  await acquire('b');

  expect(performance.now() - began).toBeGreaterThan(1000);
  expect(api.objects.get(PATH)?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 5 });
});

it('goes on at once with a lease that was its own before', async () => {
  leaveLease('a');
  const began = performance.now();

  await acquire('a');

  expect(performance.now() - began).toBeLessThan(900);
});

it('goes on where the answer to its own renewal was lost', async () => {
  const onLost = vi.fn();
  await acquire('a', onLost);

  const { spec } = api.objects.get(PATH) ?? {};
  api.put(PATH, { spec: { ...(spec as object), renewTime: '2026-01-01T00:00:00.000000Z' } });

  await delay(900);
  expect(onLost.mock.calls).toEqual([]);
  expect(api.objects.get(PATH)?.spec).not.toMatchObject({ renewTime: '2026-01-01T00:00:00.000000Z' });
});

it('tells when another one has the lease', async () => {
  const onLost = vi.fn();
  await acquire('a', onLost);

  leaveLease('thief');

  await expect.poll(() => onLost.mock.calls).toEqual([['another one has the lease']]);
});

it('tells that it may not lead any more before another one may, where the API server is away', async () => {
  const onLost = vi.fn();
  await acquire('a', onLost);
  api.intercept = (_request, response) => {
    response.writeHead(503).end();
    return true;
  };
  const began = performance.now();

  await expect.poll(() => onLost.mock.calls.length, { timeout: 3000 }).toBe(1);

  expect(performance.now() - began).toBeLessThan(1000);
});

it('counts its time from when a renewal was sent, as that is what others see, not from its answer', async () => {
  const sent: number[] = [];
  const lost: number[] = [];
  const onLost = vi.fn(() => void lost.push(performance.now()));
  await acquire('a', onLost);
  api.intercept = (request, response) => {
    if (request.method !== 'PUT') return false;
    sent.push(performance.now());
    if (sent.length > 1) response.writeHead(503).end();
    return sent.length > 1;
  };
  api.beforeAnswer = () => delay(400);

  await expect.poll(() => lost.length, { timeout: 3000 }).toBe(1);

  expect((lost[0] ?? 0) - (sent[0] ?? 0)).toBeLessThan(800);
});

it('stays the leader while one of its requests is never answered', async () => {
  const onLost = vi.fn();
  await acquire('a', onLost, 200);
  let puts = 0;
  api.intercept = ({ method }) => method === 'PUT' && ++puts === 1;

  await delay(1000);

  expect(puts).toBeGreaterThan(1);
  expect(onLost.mock.calls).toEqual([]);
});

it('stays the leader while all connections of its component wait for answers', async () => {
  const onLost = vi.fn();
  await acquire('a', onLost);
  api.intercept = ({ url = '' }) => url.endsWith('/slow');
  const slow = Array.from({ length: 16 }, () => client.read(resources.configMaps, 'ns', 'slow').catch(() => undefined));

  await delay(1000);

  expect(onLost.mock.calls).toEqual([]);
  client.close();
  await Promise.all(slow);
});

it('says nothing any more once it is released, even where a renewal was under way', async () => {
  const onLost = vi.fn();
  const leadership = await acquire('a', onLost);
  const asked = Promise.withResolvers<void>();
  api.beforeAnswer = () => {
    asked.resolve();
    return delay(100);
  };
  await asked.promise;

  await leadership.release();

  await delay(900);
  expect(holder()).toBe('');
  expect(onLost.mock.calls).toEqual([]);
});
