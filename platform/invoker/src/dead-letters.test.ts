import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DeadLetters } from './dead-letters.ts';
import { subjects } from './store/streams.ts';
import { openStore, startWorld } from './testing/invoker.ts';

interface Letter {
  id: string;
  function: string;
}

const once = {
  headers: { 'x-ampoule-max-attempts': '2', authorization: 'Bearer secret', 'proxy-authorization': 'Basic x', 'x-own': '1' },
  body: 'hello',
};

it('keep what is given up, with the reason, and hide who called', async () => {
  const { target, nats, idOf, until, list, admin, public: ask, metrics } = await startWorld();
  target.answer = (_, response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('broken');
  const id = await idOf('nuclio/f', '/a?b=1', once);

  expect(await until(id, 'failed')).toMatchObject({ attempts: 2, statusCode: 500, error: { code: 'AMP_INVOKER_STATUS' } });
  const other = await idOf('tenant/g', '/', once);
  await until(other, 'failed');
  await expect.poll(async () => (await list<Letter>('/dead-letters', 'deadLetters')).length).toBe(2);

  expect((await list<Letter>('/dead-letters?function=nuclio/f', 'deadLetters')).map((letter) => letter.id)).toEqual([id]);
  expect((await list<Letter>('/invocations?function=tenant/g', 'invocations')).map((each) => each.id)).toEqual([other]);
  expect((await list<Letter>('/invocations', 'invocations')).map((each) => each.id)).toEqual([other, id]);
  expect(await (await admin('GET', `/dead-letters/${id}`)).json()).toMatchObject({
    id,
    function: 'nuclio/f',
    method: 'POST',
    path: '/a?b=1',
    attempts: 2,
    statusCode: 500,
    headers: expect.arrayContaining([
      ['authorization', '(hidden)'],
      ['x-own', '1'],
    ]),
    bodyBase64: Buffer.from('hello').toString('base64'),
  });
  // It is for the proxy before, and nobody needs it to try again.
  const { store, close } = await openStore(nats);
  const stored = await store.deadLetters.get(subjects.deadLetter(id));
  await close();
  expect(stored?.head.headers).toContainEqual(['authorization', 'Bearer secret']);
  expect(stored?.head.headers.map(([name]) => name)).not.toContain('proxy-authorization');
  // The last answer is the result.
  const result = await ask('GET', `/invocations/${id}/result`);
  expect([result.status, await result.text()]).toEqual([500, 'broken']);
  await delay(600);
  expect(await metrics()).toContain('ampoule_invoker_dead_letters 2\n');
  expect((await admin('GET', '/dead-letters?function=what')).status).toBe(400);
});

it.each([
  ['/dead-letters', 'deadLetters'],
  ['/invocations', 'invocations'],
])('are listed at %s in pages', async (path, field) => {
  const { target, idOf, until, list, admin } = await startWorld();
  target.answer = (_, response) => response.writeHead(500).end();
  for (let i = 0; i < 5; i++) await until(await idOf('nuclio/f', '/', once), 'failed');
  await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(5);
  const ids: string[][] = [];
  for (let more = ''; ; ) {
    const page = (await (await admin('GET', `${path}?limit=2${more}`)).json()) as Record<string, Letter[]> & { continue?: string };
    ids.push((page[field] ?? []).map(({ id }) => id));
    if (page.continue === undefined) break;
    more = `&continue=${page.continue}`;
  }

  expect(ids.map((each) => each.length)).toEqual([2, 2, 1]);
  expect(ids.flat()).toEqual((await list<Letter>(path, field)).map(({ id }) => id));
  expect((await admin('GET', `${path}?continue=x`)).status).toBe(400);
});

it('are tried again under their id, with all attempts, and leave the list', async () => {
  const { target, idOf, until, list, admin } = await startWorld();
  let isMended = false;
  target.answer = (_, response) => response.writeHead(isMended ? 200 : 500).end();
  const id = await idOf('nuclio/f', '/a', once);
  await until(id, 'failed');
  await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(1);
  isMended = true;

  const response = await admin('POST', `/dead-letters/${id}/redrive`);

  expect([response.status, await response.json()]).toEqual([202, { id, state: 'queued' }]);
  expect(await until(id, 'done')).toMatchObject({ attempts: 1 });
  expect(target.seen.at(-1)).toMatchObject({ body: 'hello', path: '/a', id, headers: { authorization: 'Bearer secret' } });
  expect(await list('/dead-letters', 'deadLetters')).toEqual([]);
  expect((await admin('POST', `/dead-letters/${id}/redrive`)).status).toBe(404);
});

it('can be removed, and outlive what is known of their invocation', async () => {
  const { target, idOf, until, list, admin, public: ask } = await startWorld({ AMPOULE_KEEP_SECONDS: '1' });
  let isMended = false;
  target.answer = (_, response) => response.writeHead(isMended ? 200 : 500).end();
  const [first, second] = [await idOf('nuclio/f', '/', once), await idOf('nuclio/f', '/', once)];
  await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(2);
  await expect.poll(async () => (await ask('GET', `/invocations/${second}`)).status, { timeout: 5000 }).toBe(404);

  expect((await admin('DELETE', `/dead-letters/${first}`)).status).toBe(204);
  expect((await admin('GET', `/dead-letters/${first}`)).status).toBe(404);
  isMended = true;
  expect((await admin('POST', `/dead-letters/${second}/redrive`)).status).toBe(202);

  await until(second, 'done');
});

describe('a full list', () => {
  const sent = { headers: { 'x-ampoule-max-attempts': '1' }, body: 'x'.repeat(900_000) };

  it('leaves jobs in the queue', async () => {
    const { target, idOf, until, list, metrics } = await startWorld({ AMPOULE_DEAD_LETTER_BYTES: '1500000' });
    target.answer = (_, response) => response.writeHead(500).end();
    for (const id of [await idOf('nuclio/f', '/', sent), await idOf('nuclio/f', '/', sent)]) await until(id, 'failed');
    await delay(700);
    expect(await list('/dead-letters', 'deadLetters')).toHaveLength(1);
    expect(await metrics()).toContain('ampoule_invoker_queued 1\n');
  });

  it('has no job done again, however long it is full, and takes it when there is room', async () => {
    const {
      target,
      idOf,
      list,
      admin,
      public: ask,
    } = await startWorld({ AMPOULE_DEAD_LETTER_BYTES: '1500000', AMPOULE_KEEP_SECONDS: '1' });
    target.answer = (_, response) => response.writeHead(500).end();
    const ids = [await idOf('nuclio/f', '/', sent), await idOf('nuclio/f', '/', sent)];
    await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(1);
    const [first] = await list<Letter>('/dead-letters', 'deadLetters');
    const second = ids.find((id) => id !== first?.id) ?? '';
    await delay(3000);
    expect(target.seen).toHaveLength(2);
    expect(await (await ask('GET', `/invocations/${second}`)).json()).toMatchObject({ state: 'failed', attempts: 1 });

    await admin('DELETE', `/dead-letters/${first?.id}`);

    await expect.poll(async () => (await list<Letter>('/dead-letters', 'deadLetters')).map(({ id }) => id)).toEqual([second]);
    await expect.poll(async () => (await ask('GET', `/invocations/${second}`)).status, { timeout: 5000 }).toBe(404);
    expect(target.seen).toHaveLength(2);
  });
});

describe('trying again', () => {
  it('changes nothing where the queue has no room', async () => {
    const { target, idOf, until, list, admin, show } = await startWorld({ AMPOULE_MAX_QUEUED_PER_FUNCTION: '1' });
    target.answer = ({ path }, response) => void (path === '/endless' || response.writeHead(500).end());
    const id = await idOf('nuclio/f', '/', once);
    await until(id, 'failed');
    await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(1);
    await expect.poll(async () => (await admin('GET', `/dead-letters/${id}`)).status).toBe(200);
    await until(await idOf('nuclio/f', '/endless'), 'running');

    expect((await admin('POST', `/dead-letters/${id}/redrive`)).status).toBe(503);

    expect((await show(id)).state).toBe('failed');
    expect(await list('/dead-letters', 'deadLetters')).toHaveLength(1);
  });

  it('is refused while the dead letter of a later failure is not written yet', async () => {
    const { target, nats, idOf, until, list, admin, show } = await startWorld();
    target.answer = (_, response) => response.writeHead(500).end();
    const id = await idOf('nuclio/f', '/', once);
    await until(id, 'failed');
    await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(1);
    const { store, close } = await openStore(nats);
    const found = await store.invocation(id);
    if (found !== undefined) await store.save({ ...found.head, finishedAt: new Date().toISOString() }, found);
    await close();

    expect((await admin('POST', `/dead-letters/${id}/redrive`)).status).toBe(409);

    expect((await show(id)).state).toBe('failed');
    expect(await list('/dead-letters', 'deadLetters')).toHaveLength(1);
  });

  it('is done also where the invoker ends right after the job is in the queue', async () => {
    const { target, nats, idOf, until, list } = await startWorld();
    target.answer = (_, response) => response.writeHead(500).end();
    const id = await idOf('nuclio/f', '/', once);
    await until(id, 'failed');
    await expect.poll(() => list('/dead-letters', 'deadLetters')).toHaveLength(1);
    target.answer = (_, response) => response.end('ok');
    const { store, close } = await openStore(nats);
    const dying = Object.create(store, { save: { value: () => Promise.reject(new Error('killed')) } });

    await expect(new DeadLetters(dying, () => undefined).redrive(id)).rejects.toThrow('killed');

    expect(await until(id, 'done', 15_000)).toMatchObject({ attempts: 1 });
    await close();
  });
});
