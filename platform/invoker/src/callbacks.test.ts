import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HostAddresses } from './hosts.ts';
import { streams } from './store/streams.ts';
import { openStore, startWorld } from './testing/invoker.ts';
import { Target } from './testing/target.ts';

async function startCaller(): Promise<Target> {
  const caller = await Target.start();
  onTestFinished(() => caller.stop());
  return caller;
}

describe('callbacks', () => {
  it('wait, and use up no attempt, until it is known which hosts there are', async () => {
    const { promise: known, resolve } = Promise.withResolvers<void>();
    let addresses: HostAddresses = () => {
      throw new Error('not yet');
    };
    const { idOf, until, show } = await startWorld({}, { addresses: () => addresses(), known });
    const caller = await startCaller();
    const id = await idOf('nuclio/f', '/', { headers: { 'x-ampoule-callback': caller.url } });
    await until(id, 'done');
    await delay(1000);
    expect(caller.seen).toEqual([]);

    addresses = () => [];
    resolve();

    await expect.poll(async () => (await show(id)).callback, { timeout: 5000 }).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  it('bring the last result where the invocation was tried again meanwhile', async () => {
    const { target, idOf, until, admin } = await startWorld();
    const caller = await startCaller();
    const held: ServerResponse[] = [];
    caller.answer = (_, response) => {
      if (held.push(response) > 1) response.end();
    };
    target.answer = (_, response) => response.writeHead(500).end('first');
    const id = await idOf('nuclio/f', '/', { headers: { 'x-ampoule-callback': caller.url, 'x-ampoule-max-attempts': '1' } });
    await expect.poll(() => held.length).toBe(1);
    const calls: ServerResponse[] = [];
    target.answer = (_, response) => void calls.push(response);
    await admin('POST', `/dead-letters/${id}/redrive`);
    await expect.poll(() => calls.length).toBe(1);
    // It would be sent again now, while there is no result.
    held[0]?.writeHead(500).end();
    await delay(1000);
    calls[0]?.end('second');

    expect(await until(id, 'done')).toMatchObject({ attempts: 1 });
    await expect.poll(() => caller.seen.map(({ body }) => body), { timeout: 5000 }).toEqual(['first', 'second']);
    expect(caller.seen[1]?.headers).toMatchObject({ 'x-ampoule-state': 'done' });
  });

  it.each([
    ['there is no room to note that they were', {}],
    ['there is no room for that in their queue either', { AMPOULE_MAX_QUEUED_PER_FUNCTION: '1' }],
  ])('are sent once, also where %s', async (_where, more) => {
    const { target, idOf, until, show } = await startWorld({ AMPOULE_STATES_BYTES: '2000000', AMPOULE_KEEP_SECONDS: '6', ...more });
    const caller = await startCaller();
    target.answer = (_, response) => response.end('x'.repeat(950_000));
    await until(await idOf('nuclio/f'), 'done');
    await delay(3000);
    const id = await idOf('nuclio/f', '/', { headers: { 'x-ampoule-callback': caller.url } });

    await expect.poll(() => caller.seen.length).toBe(1);

    await expect.poll(async () => (await show(id)).callback?.state, { timeout: 8000 }).toBe('delivered');
    expect(caller.seen).toHaveLength(1);
  });

  it('bring the result with its id, again until they are taken', async () => {
    const { target, idOf, until, show } = await startWorld();
    const caller = await startCaller();
    caller.answer = (_, response) => response.writeHead(caller.seen.length < 3 ? 500 : 204).end();
    target.answer = (_, response) => response.writeHead(201, { 'content-type': 'text/csv' }).end('a,b');

    const id = await idOf('nuclio/f', '/', { headers: { 'x-ampoule-callback': `${caller.url}/hook?x=1&token=s3cret` } });
    await until(id, 'done');
    await expect
      .poll(async () => (await show(id)).callback, { timeout: 5000 })
      .toMatchObject({ state: 'delivered', attempts: 3, url: `${caller.url}/hook?x=(hidden)&token=(hidden)` });

    expect(caller.seen).toHaveLength(3);
    expect(caller.seen[2]).toMatchObject({ method: 'POST', path: '/hook?x=1&token=s3cret', body: 'a,b', id });
    expect(caller.seen[2]?.headers).toMatchObject({
      'content-type': 'text/csv',
      'x-ampoule-state': 'done',
      'x-ampoule-status-code': '201',
    });
    expect(target.seen[0]?.headers['x-ampoule-callback']).toBeUndefined();
  });

  it('end after some attempts, and tell of failures as well', async () => {
    const { target, idOf, until, show, metrics } = await startWorld({ AMPOULE_CALLBACK_ATTEMPTS: '2' });
    const caller = await startCaller();
    caller.answer = (_, response) => response.writeHead(500).end();
    target.answer = (_, response) => response.destroy();

    const headers = { 'x-ampoule-callback': caller.url, 'x-ampoule-max-attempts': '1' };
    const id = await idOf('nuclio/f', '/', { headers });
    await until(id, 'failed');
    await expect.poll(async () => (await show(id)).callback, { timeout: 5000 }).toMatchObject({ state: 'failed', attempts: 2 });

    expect(JSON.parse(caller.seen[0]?.body ?? '')).toMatchObject({ id, state: 'failed', error: { code: 'AMP_INVOKER_UNREACHABLE' } });
    expect(await metrics()).toContain('ampoule_invoker_callbacks_total{result="failed"} 1\n');
  });

  it('that hang do not hold up those of other functions', async () => {
    const { idOf } = await startWorld();
    const [slow, quick] = [await startCaller(), await startCaller()];
    slow.answer = () => undefined;
    const to = ({ url }: Target) => ({ headers: { 'x-ampoule-callback': url } });
    await Promise.all(Array.from({ length: 12 }, () => idOf('nuclio/slow', '/', to(slow))));
    await expect.poll(() => slow.seen.length).toBe(2);

    const ids = await Promise.all(Array.from({ length: 5 }, () => idOf('nuclio/quick', '/', to(quick))));

    await expect.poll(() => quick.seen.map(({ id }) => id).sort(), { timeout: 5000 }).toEqual(ids.sort());
    expect(slow.seen).toHaveLength(2);
  });

  it('that hang do not hold up those of others, however many functions have such', async () => {
    const { idOf } = await startWorld();
    const [slow, quick] = [await startCaller(), await startCaller()];
    slow.answer = () => undefined;
    const to = ({ url }: Target) => ({ headers: { 'x-ampoule-callback': url } });
    await Promise.all(Array.from({ length: 20 }, (_, i) => idOf(`nuclio/slow${i % 10}`, '/', to(slow))));
    await expect.poll(() => slow.seen.length, { timeout: 5000 }).toBeGreaterThan(15);

    const ids = await Promise.all(Array.from({ length: 5 }, (_, i) => idOf(`nuclio/quick${i}`, '/', to(quick))));

    await expect.poll(() => quick.seen.map(({ id }) => id).sort(), { timeout: 5000 }).toEqual(ids.sort());
    expect(new Set(slow.seen.map(({ id }) => id)).size).toBe(slow.seen.length);
  });

  it('that are taken with an answer which does not end are delivered, and the answer is broken off', async () => {
    const { idOf, show } = await startWorld();
    const caller = await startCaller();
    const gone: boolean[] = [];
    caller.answer = (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'.repeat(10_000)), 5);
      response.on('close', () => gone.push(clearInterval(timer) === undefined));
    };

    const id = await idOf('nuclio/f', '/', { headers: { 'x-ampoule-callback': caller.url } });

    await expect.poll(() => gone.length, { timeout: 5000 }).toBe(1);
    await expect.poll(async () => (await show(id)).callback).toMatchObject({ state: 'delivered', attempts: 1 });
  });

  it('that take longer than signs of life may be apart are sent once, and all that wait behind them are sent', async () => {
    const { idOf } = await startWorld();
    const caller = await startCaller();
    const held: ServerResponse[] = [];
    caller.answer = (_, response) => {
      if (held.length < 2) held.push(response);
      else response.end();
    };
    const headers = { 'x-ampoule-callback': caller.url };
    const ids = await Promise.all(Array.from({ length: 5 }, () => idOf('nuclio/f', '/', { headers })));
    await expect.poll(() => held.length).toBe(2);
    await delay(2500);
    expect(caller.seen).toHaveLength(2);

    for (const response of held) response.end();

    await expect.poll(() => caller.seen.map(({ id }) => id).sort(), { timeout: 5000 }).toEqual(ids.sort());
  });

  it('of a function that hang leave room in their queue to those of others, and are all sent in the end', async () => {
    const more = { AMPOULE_MAX_QUEUED_PER_FUNCTION: '5' };
    const { nats, invoke, idOf } = await startWorld(more);
    const [slow, quick] = [await startCaller(), await startCaller()];
    const held: ServerResponse[] = [];
    slow.answer = (_, response) => void held.push(response);
    const to = ({ url }: Target) => ({ headers: { 'x-ampoule-callback': url } });
    const { store, close } = await openStore(nats, more);
    onTestFinished(close);
    const ids: string[] = [];
    for (let i = 0; i < 30 && ids.length < 8; i++) {
      const response = await invoke('nuclio/slow', '/', to(slow));
      if (response.status === 202) ids.push(((await response.json()) as { id: string }).id);
      else await delay(100);
    }
    await expect.poll(async () => (await store.queued('callbacks')).get('nuclio/slow')).toBe(5);

    const id = await idOf('nuclio/quick', '/', to(quick));
    await expect.poll(() => quick.seen.map((seen) => seen.id)).toEqual([id]);
    expect((await store.queued('callbacks')).get('nuclio/slow')).toBe(5);

    slow.answer = (_, response) => response.end();
    for (const response of held) response.end();
    await expect.poll(() => new Set(slow.seen.map((seen) => seen.id)).size, { timeout: 10_000 }).toBe(ids.length);
  });

  it('that have no room in their queue hold no place of a call, and are sent when there is some', async () => {
    const { target, nats, idOf, until, show } = await startWorld({ AMPOULE_MAX_RUNNING: '1', AMPOULE_KEEP_SECONDS: '2' });
    const caller = await startCaller();
    const { store, close } = await openStore(nats);
    onTestFinished(close);
    await store.manager.streams.update(streams.callbacks, { max_bytes: 1 });
    target.answer = ({ name }, response) => response.writeHead(name === 'failing' ? 500 : 200).end();
    const headers = { 'x-ampoule-callback': caller.url, 'x-ampoule-max-attempts': '1' };
    const ids = [await idOf('nuclio/f', '/', { headers }), await idOf('nuclio/failing', '/', { headers })];
    await until(ids[0] ?? '', 'done');
    await until(ids[1] ?? '', 'failed');

    await until(await idOf('nuclio/g'), 'done');

    // What is known of them is kept for longer than usual, so that they are not done again.
    await delay(3000);
    expect(caller.seen).toEqual([]);
    await store.manager.streams.update(streams.callbacks, { max_bytes: 1_000_000 });
    await expect.poll(() => caller.seen.map(({ id }) => id).sort(), { timeout: 5000 }).toEqual(ids.sort());
    await expect.poll(async () => (await show(ids[0] ?? '')).callback?.state).toBe('delivered');
    expect(target.seen).toHaveLength(3);
  });
});
