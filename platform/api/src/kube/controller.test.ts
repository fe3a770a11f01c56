import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cache } from './cache.ts';
import type { KubeClient } from './client.ts';
import { Controller, type Reconcile } from './controller.ts';
import { FakeApi } from './fake-api.ts';
import { updateFunction } from './functions.ts';
import { silentLogger as logger } from './logger.ts';
import { type RawObject, resources } from './resources.ts';

const PATH = '/apis/nuclio.io/v1beta1/namespaces/nuclio/nucliofunctions';

let api: FakeApi;
let client: KubeClient;
let functions: Cache<RawObject>;

beforeEach(async () => {
  api = new FakeApi();
  client = await api.start();
  functions = new Cache({ client, logger, namespace: 'nuclio', resource: resources.functions });
});
afterEach(async () => {
  await functions.stop();
  client.close();
  api.stop();
});

async function running(reconcile: Reconcile, resyncMs = 60_000) {
  const controller = new Controller({ logger, primary: functions, reconcile, resyncMs });
  await functions.start();
  controller.start();
  return controller;
}

describe('a controller', () => {
  it('reconciles what is there at its start and what comes and changes later', async () => {
    api.put(`${PATH}/a`, { spec: {} });
    const seen: string[] = [];
    const controller = await running(async (key) => void seen.push(`${key} ${JSON.stringify(functions.get(key)?.spec)}`) as undefined);
    await expect.poll(() => seen).toEqual(['nuclio/a {}']);
    api.put(`${PATH}/b`, { spec: { n: 1 } });
    await expect.poll(() => seen).toContain('nuclio/b {"n":1}');
    api.put(`${PATH}/b`, { spec: { n: 2 } });
    await expect.poll(() => seen).toContain('nuclio/b {"n":2}');
    await controller.stop();
  });

  it('tries again until it succeeds', async () => {
    api.put(`${PATH}/a`, { spec: {} });
    let attempts = 0;
    const controller = await running(async () => {
      attempts++;
      if (attempts < 4) throw new Error('not yet');
      return undefined;
    });
    await expect.poll(() => attempts).toBe(4);
    await delay(100);
    expect(attempts).toBe(4);
    await controller.stop();
  });

  it('comes back after the time that a reconciliation asks for, and looks at all objects from time to time', async () => {
    api.put(`${PATH}/a`, { spec: {} });
    let asked = 0;
    const controller = await running(async () => (++asked < 3 ? { requeueAfterMs: 10 } : undefined), 200);
    await expect.poll(() => asked).toBe(3);
    await expect.poll(() => asked).toBeGreaterThan(4);
    await controller.stop();
  });

  it('sees changes that were made while its watch was cut', async () => {
    api.put(`${PATH}/a`, { spec: {} });
    const seen = new Set<string>();
    const controller = await running(async (key) => void seen.add(key) as undefined);
    await expect.poll(() => [...seen]).toEqual(['nuclio/a']);
    api.cutWatches();
    api.put(`${PATH}/a`, { spec: { changed: true } });
    api.intercept = (_request, response) => {
      response.writeHead(503).end();
      return true;
    };
    await delay(300);
    api.intercept = undefined;
    api.put(`${PATH}/later`, { spec: {} });
    await delay(1500);
    api.put(`${PATH}/last`, { spec: {} });
    await expect.poll(() => [...seen], { timeout: 10_000 }).toContain('nuclio/last');
    await controller.stop();
  });
});

describe('updating a function', () => {
  it('asks again when somebody else was faster', async () => {
    api.put(`${PATH}/a`, { spec: {}, status: { state: 'building' } });
    const seen: (string | undefined)[] = [];
    const updated = await updateFunction(client, 'nuclio/a', ({ status }) => {
      seen.push(status.state);
      if (seen.length === 1) api.put(`${PATH}/a`, { status: { state: 'error' } });
      return { status: { state: 'ready' } };
    });
    expect(seen).toEqual(['building', 'error']);
    expect(updated?.status.state).toBe('ready');
  });

  it('keeps fields that it does not know', async () => {
    api.put(`${PATH}/a`, { spec: { future: { x: 1 } }, status: {} });
    await updateFunction(client, 'nuclio/a', () => ({ status: { message: 'm' } }));
    expect(api.objects.get(`${PATH}/a`)).toMatchObject({ spec: { future: { x: 1 } }, status: { message: 'm' } });
  });

  it('gives nothing where the function is gone', async () => {
    expect(await updateFunction(client, 'nuclio/none', () => ({ status: {} }))).toBeUndefined();
  });
});
