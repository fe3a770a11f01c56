import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KubeClient } from './client.ts';
import { FakeApi } from './fake-api.ts';
import { Leadership } from './leadership.ts';
import { silentLogger as logger } from './logger.ts';

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
  for (const leadership of held) await leadership.release();
  client.close();
  api.stop();
});

const holder = () => (api.objects.get(PATH)?.spec as { holderIdentity?: string } | undefined)?.holderIdentity;

async function acquire(identity: string, onLost = vi.fn()): Promise<Leadership> {
  const times = { durationSeconds: 1, renewWithinMs: 600, retryMs: 50 };
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
