import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startWorld } from './testing/invoker.ts';

interface Letter {
  id: string;
  function: string;
}

const once = { headers: { 'x-ampoule-max-attempts': '2', authorization: 'Bearer secret', 'x-own': '1' }, body: 'hello' };

it('keep what is given up, with the reason, and hide who called', async () => {
  const { target, idOf, until, list, admin, public: ask, metrics } = await startWorld();
  target.answer = (_, response) => response.writeHead(500, { 'content-type': 'text/plain' }).end('broken');
  const id = await idOf('nuclio/f', '/a?b=1', once);
  const other = await idOf('tenant/g', '/', once);

  expect(await until(id, 'failed')).toMatchObject({ attempts: 2, statusCode: 500, error: { code: 'AMP_INVOKER_STATUS' } });
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
  // The last answer is the result.
  const result = await ask('GET', `/invocations/${id}/result`);
  expect([result.status, await result.text()]).toEqual([500, 'broken']);
  await delay(600);
  expect(await metrics()).toContain('ampoule_invoker_dead_letters 2\n');
  expect((await admin('GET', '/dead-letters?function=what')).status).toBe(400);
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

it('leave jobs in the queue while their list is full', async () => {
  const { target, idOf, until, list, metrics } = await startWorld({ AMPOULE_DEAD_LETTER_BYTES: '1500000' });
  target.answer = (_, response) => response.writeHead(500).end();
  const sent = { headers: { 'x-ampoule-max-attempts': '1' }, body: 'x'.repeat(900_000) };
  for (const id of [await idOf('nuclio/f', '/', sent), await idOf('nuclio/f', '/', sent)]) await until(id, 'failed');
  await delay(700);
  expect(await list('/dead-letters', 'deadLetters')).toHaveLength(1);
  expect(await metrics()).toContain('ampoule_invoker_queued 1\n');
});
