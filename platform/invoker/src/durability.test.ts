import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { streams } from './store/streams.ts';
import { clientOf } from './testing/client.ts';
import { environment, openStore, startNats, startWorld } from './testing/invoker.ts';
import { InvokerProcess } from './testing/process.ts';
import { Target } from './testing/target.ts';

const ROUNDS = 5;
const CALLERS = 8;

async function startProcess(more: Record<string, string> = {}) {
  const target = await Target.start();
  onTestFinished(() => target.stop());
  const nats = await startNats();
  const env = environment(nats, target, more);
  return { target, nats, env, invoker: await InvokerProcess.start(env) };
}

it('loses nothing that it has answered for when it is killed again and again', async () => {
  const { target, env, invoker: first } = await startProcess();
  target.answer = async ({ attempt }, response) => {
    await delay(Math.random() * 40);
    response.writeHead(attempt === 1 && Math.random() < 0.2 ? 500 : 200).end('done');
  };
  let invoker = first;
  const taken = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const { invoke } = clientOf(invoker.ports);
    let isOver = false;
    const callers = Array.from({ length: CALLERS }, async (_, caller) => {
      while (!isOver) {
        // What gets no answer was not promised.
        const response = await invoke(`nuclio/f${caller % 3}`).catch(() => undefined);
        if (response?.status !== 202) continue;
        const answer = (await response.json().catch(() => undefined)) as { id: string } | undefined;
        if (answer !== undefined) taken.add(answer.id);
      }
    });
    await delay(200 + Math.random() * 400);
    await invoker.end('SIGKILL');
    isOver = true;
    await Promise.all(callers);
    invoker = await InvokerProcess.start(env);
  }

  const { show, metrics } = clientOf(invoker.ports);
  const isIdle = async () => {
    const lines = (await metrics()).split('\n');
    return lines.includes('ampoule_invoker_queued 0') && lines.includes('ampoule_invoker_running 0');
  };
  await expect.poll(isIdle, { timeout: 25_000, interval: 200 }).toBe(true);
  const states = await Promise.all([...taken].map(async (id) => (await show(id)).state));
  const called = new Set(target.seen.map(({ id }) => id));

  expect(taken.size).toBeGreaterThan(ROUNDS * CALLERS);
  expect(states.filter((state) => state !== 'done')).toEqual([]);
  expect([...taken].filter((id) => !called.has(id))).toEqual([]);
}, 60_000);

it('makes an attempt again that was killed in the middle, and counts it once', async () => {
  const { target, env, invoker } = await startProcess();
  target.answer = () => undefined;
  const id = await clientOf(invoker.ports).idOf('nuclio/f', '/', { headers: { 'x-ampoule-max-attempts': '1' } });
  await expect.poll(() => target.seen.length).toBe(1);
  await invoker.end('SIGKILL');
  target.answer = (_, response) => response.end('ok');

  const { until } = clientOf((await InvokerProcess.start(env)).ports);

  expect(await until(id, 'done')).toMatchObject({ attempts: 1 });
  expect(target.seen.map(({ attempt }) => attempt)).toEqual([1, 1]);
});

it('keeps everything over a crash of NATS, and goes on when it is back', async () => {
  const { target, nats, idOf, until, invoke } = await startWorld();
  target.answer = async (_, response) => response.end(await delay(500, 'ok'));
  const ids = await Promise.all(Array.from({ length: 20 }, () => idOf('nuclio/f')));
  await nats.kill();
  await delay(800);
  expect((await Promise.race([invoke('nuclio/f'), delay(6000)]))?.status).toBe(503);
  await nats.restart();
  for (const id of ids) await until(id, 'done', 15_000);
}, 40_000);

it('makes its streams anew where NATS comes back without them', async () => {
  const { nats, invoke, until } = await startWorld();
  const { store, close } = await openStore(nats);
  for (const name of Object.values(streams)) await store.manager.streams.delete(name);
  await close();
  expect((await invoke('nuclio/f')).status).toBe(503);

  await nats.restart();

  await expect.poll(async () => (await invoke('nuclio/f')).status, { timeout: 10_000, interval: 200 }).toBe(202);
  const { id } = (await (await invoke('nuclio/f')).json()) as { id: string };
  await until(id, 'done', 15_000);
}, 40_000);

it('lets calls end when it is stopped, takes no more, and puts back what takes too long', async () => {
  const { target, env, invoker } = await startProcess({ AMPOULE_DRAIN_SECONDS: '1' });
  target.answer = async ({ path }, response) => {
    if (path === '/quick') response.end(await delay(500, 'ok'));
  };
  const { idOf } = clientOf(invoker.ports);
  const quick = await idOf('nuclio/f', '/quick');
  const endless = await idOf('nuclio/f', '/endless');
  await expect.poll(() => target.seen.length).toBe(2);

  expect(await invoker.end('SIGTERM')).toBe(0);

  expect(target.seen.find(({ path }) => path === '/quick')?.attempt).toBe(1);
  target.answer = (_, response) => response.end('ok');
  const { show, until } = clientOf((await InvokerProcess.start(env)).ports);
  expect(await show(quick)).toMatchObject({ state: 'done', attempts: 1 });
  expect(await until(endless, 'done', 5000)).toMatchObject({ attempts: 1 });
  expect(target.seen.filter(({ path }) => path === '/quick')).toHaveLength(1);
});
