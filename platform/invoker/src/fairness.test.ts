import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clientOf } from './testing/client.ts';
import { openStore, startWorld } from './testing/invoker.ts';

describe('calls', () => {
  it('are bounded, of all functions and of each', async () => {
    const { target, idOf, until } = await startWorld({ AMPOULE_MAX_RUNNING: '5', AMPOULE_MAX_RUNNING_PER_FUNCTION: '2' });
    const running = new Map<string, number>();
    const most = new Map<string, number>();
    const change = (name: string, by: number) => {
      running.set(name, (running.get(name) ?? 0) + by);
      most.set(name, Math.max(most.get(name) ?? 0, running.get(name) ?? 0));
    };
    target.answer = async ({ name }, response) => {
      for (const each of [name, 'all']) change(each, 1);
      await delay(50);
      for (const each of [name, 'all']) change(each, -1);
      response.end();
    };
    const names = ['a', 'b', 'c', 'd'];
    const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => idOf(`nuclio/${names[i % 4]}`)));
    for (const id of ids) await until(id, 'done');
    for (const name of names) expect(most.get(name)).toBe(2);
    expect(most.get('all')).toBe(5);
  });

  it('of a slow function do not hold up those of others', async () => {
    const { target, idOf, until } = await startWorld({ AMPOULE_MAX_RUNNING: '4', AMPOULE_MAX_RUNNING_PER_FUNCTION: '3' });
    target.answer = async ({ name }, response) => {
      if (name === 'quick') response.end();
      // Never answered.
    };
    await Promise.all(Array.from({ length: 50 }, () => idOf('nuclio/slow')));
    await expect.poll(() => target.seen.length).toBe(3);
    const startedAt = performance.now();
    const quick = await Promise.all(Array.from({ length: 20 }, () => idOf('nuclio/quick')));
    for (const id of quick) await until(id, 'done');
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect(target.seen.filter(({ name }) => name === 'slow')).toHaveLength(3);
  });

  it('get their turn by function where all places are taken', async () => {
    const { target, idOf, until } = await startWorld({ AMPOULE_MAX_RUNNING: '2', AMPOULE_MAX_RUNNING_PER_FUNCTION: '2' });
    target.answer = async (_, response) => response.end(await delay(50, 'ok'));
    await Promise.all(Array.from({ length: 60 }, () => idOf('nuclio/many')));
    const few = await Promise.all(Array.from({ length: 3 }, () => idOf('other/few')));
    for (const id of few) await until(id, 'done');
    // Without turns the few would wait for all of the many.
    expect(target.seen.filter(({ name }) => name === 'many').length).toBeLessThan(30);
  });
});

describe('a full store', () => {
  it('refuses more jobs of a function than may wait, takes those of others, and loses none', async () => {
    const { target, invoke, idOf, until } = await startWorld({ AMPOULE_MAX_QUEUED_PER_FUNCTION: '5', AMPOULE_MAX_RUNNING: '1' });
    let release = () => undefined as unknown;
    const released = new Promise<void>((resolve) => (release = resolve as () => unknown));
    target.answer = async (_, response) => {
      await released;
      response.end();
    };
    const responses = await Promise.all(Array.from({ length: 9 }, () => invoke('nuclio/f')));
    const refused = responses.filter(({ status }) => status === 503);

    expect(responses.map(({ status }) => status).sort()).toEqual([202, 202, 202, 202, 202, 503, 503, 503, 503]);
    expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused[0]?.json()).toMatchObject({ code: 'AMP_INVOKER_FULL' });
    const other = await idOf('nuclio/g');
    release();
    for (const response of responses) if (response.status === 202) await until(((await response.json()) as { id: string }).id, 'done');
    await until(other, 'done');
    await idOf('nuclio/f');
  });

  it('of jobs refuses by bytes', async () => {
    const { target, invoke } = await startWorld({ AMPOULE_QUEUE_BYTES: '3000000', AMPOULE_MAX_RUNNING: '1' });
    target.answer = () => undefined;
    const body = new Uint8Array(900_000);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await invoke(`nuclio/f${i}`, '/', { body })).status);
    expect(statuses).toEqual([202, 202, 202, 503, 503]);
  });

  it('of jobs leaves half of the room to other functions, and has room again when jobs are done', async () => {
    const more = { AMPOULE_QUEUE_BYTES: '4000000', AMPOULE_MAX_RUNNING_PER_FUNCTION: '1' };
    const { target, invoke, idOf, until, start } = await startWorld(more);
    let release = () => undefined as unknown;
    const released = new Promise<void>((resolve) => (release = resolve as () => unknown));
    target.answer = async ({ name }, response) => {
      if (name === 'f') await released;
      response.end();
    };
    const sent = { body: new Uint8Array(900_000) };
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await invoke('nuclio/f', '/', sent)).status);
    expect(statuses).toEqual([202, 202, 202, 503]);
    const full = { code: 'AMP_INVOKER_FULL', error: expect.stringContaining('nuclio/f') };
    // How full it is was counted a moment ago, and is counted again.
    const soon = { timeout: 10_000, interval: 300 };
    await expect.poll(async () => (await invoke('nuclio/f', '/', sent)).json(), soon).toMatchObject(full);
    await until(await idOf('nuclio/g', '/', sent), 'done');
    // What waits is known to an invoker that has taken none of it.
    const another = await start();
    await expect.poll(async () => (await clientOf(another.ports).invoke('nuclio/f', '/', sent)).json(), soon).toMatchObject(full);
    await another.stop();

    release();
    await expect.poll(async () => (await invoke('nuclio/f', '/', sent)).status, soon).toBe(202);
  });

  it('of jobs leaves half of the room to other functions also where all requests come at the same moment', async () => {
    const { target, invoke } = await startWorld({ AMPOULE_QUEUE_BYTES: '8000000', AMPOULE_MAX_RUNNING_PER_FUNCTION: '1' });
    target.answer = () => undefined;
    const sent = { body: new Uint8Array(900_000) };
    const together = (names: string[]) => Promise.all(names.map((name) => invoke(`nuclio/${name}`, '/', sent)));

    const responses = await together([...'ffffffffgfff']);

    const statusesOf = (wanted: string) => [...'ffffffffgfff'].flatMap((name, i) => (name === wanted ? (responses[i]?.status ?? 0) : []));
    // What is written while it is counted may count twice for a moment, so one less than there is room for is right too.
    const taken = statusesOf('f').filter((status) => status === 202).length;
    expect([4, 5]).toContain(taken);
    expect(new Set(statusesOf('f'))).toEqual(new Set([202, 503]));
    expect(statusesOf('g')).toEqual([202]);
    await delay(1500);
    const later = (await together(['f', 'f', 'f'])).filter(({ status }) => status === 202).length;
    expect(taken + later).toBeLessThanOrEqual(5);
  });

  it('of dead letters leaves half of the room to other functions, and keeps what fails in the queue', async () => {
    const { target, nats, idOf, until, list } = await startWorld({ AMPOULE_DEAD_LETTER_BYTES: '3000000' });
    target.answer = (_, response) => response.writeHead(500).end();
    const sent = { headers: { 'x-ampoule-max-attempts': '1' }, body: 'x'.repeat(900_000) };
    const lettersOf = async (name: string) => (await list(`/dead-letters?function=nuclio/${name}`, 'deadLetters')).length;
    for (let i = 0; i < 3; i++) await until(await idOf('nuclio/f', '/', sent), 'failed');
    await delay(1000);
    expect(await lettersOf('f')).toBe(2);

    await until(await idOf('nuclio/g', '/', sent), 'failed');

    await expect.poll(() => lettersOf('g')).toBe(1);
    const { store, close } = await openStore(nats);
    expect([...(await store.queued('jobs'))]).toEqual([['nuclio/f', 1]]);
    await close();
    expect(target.seen).toHaveLength(4);
  });

  it('of dead letters leaves half of the room to other functions also where all jobs fail at the same moment', async () => {
    const { target, idOf, until, list } = await startWorld({ AMPOULE_DEAD_LETTER_BYTES: '6000000' });
    target.answer = async (_, response) => response.writeHead(500).end(await delay(200, ''));
    const sent = { headers: { 'x-ampoule-max-attempts': '1' }, body: 'x'.repeat(900_000) };
    const ids = await Promise.all(Array.from({ length: 6 }, () => idOf('nuclio/f', '/', sent)));
    for (const id of ids) await until(id, 'failed');
    await delay(1000);
    expect(await list('/dead-letters?function=nuclio/f', 'deadLetters')).toHaveLength(4);
  });

  it('of results refuses new requests before results have no room', async () => {
    const { target, invoke, idOf, until, public: ask } = await startWorld({ AMPOULE_STATES_BYTES: '4000000' });
    target.answer = (_, response) => response.end('x'.repeat(950_000));
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      ids.push(await idOf(`nuclio/f${i}`));
      await until(ids.at(-1) ?? '', 'done');
    }
    await delay(600);
    const refused = await invoke('nuclio/f');
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
    for (const id of ids) expect((await (await ask('GET', `/invocations/${id}/result`)).text()).length).toBe(950_000);
  });

  it('of results leaves half of the room to other functions, and what waits for room is done when there is some', async () => {
    const more = { AMPOULE_STATES_BYTES: '4000000', AMPOULE_MAX_RUNNING_PER_FUNCTION: '1', AMPOULE_KEEP_SECONDS: '8' };
    const { target, invoke, idOf, until } = await startWorld(more);
    target.answer = (_, response) => response.end('x'.repeat(950_000));
    const calls = (name: string) => target.seen.filter((seen) => seen.name === name).length;
    const ids = await Promise.all(Array.from({ length: 6 }, () => idOf('nuclio/f')));
    await expect.poll(() => calls('f'), { timeout: 10_000 }).toBe(3);
    await delay(1500);

    expect(await (await invoke('nuclio/f')).json()).toMatchObject({ code: 'AMP_INVOKER_FULL', error: expect.stringContaining('nuclio/f') });
    expect(await until(await idOf('nuclio/g'), 'done')).toMatchObject({ attempts: 1 });
    expect(calls('f')).toBe(3);

    await expect.poll(() => calls('f'), { timeout: 20_000 }).toBe(ids.length);
  }, 40_000);

  it('of results holds an answer until there is room, and does not ask for it again', async () => {
    const { target, idOf, until, show } = await startWorld({ AMPOULE_STATES_BYTES: '2000000', AMPOULE_KEEP_SECONDS: '3' });
    target.answer = (_, response) => response.end('x'.repeat(950_000));
    const ids = await Promise.all(Array.from({ length: 3 }, () => idOf('nuclio/f')));
    const done = async () => (await Promise.all(ids.map(show))).filter(({ state }) => state === 'done').length;
    await expect.poll(done).toBe(2);
    const waiting = ids[(await Promise.all(ids.map(show))).findIndex(({ state }) => state === 'running')] ?? '';
    expect(await until(waiting, 'done', 10_000)).toMatchObject({ attempts: 1 });
    expect(target.seen).toHaveLength(3);
  });
});
