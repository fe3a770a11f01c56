import { describe, expect, it } from 'vitest';
import { subjects } from '../store/streams.ts';
import { openStore, startWorld } from '../testing/invoker.ts';

const INTAKE_TOKEN = 'token of intake tests';
const ID = crypto.randomUUID();

it.each([
  ['GET', '/invocations'],
  ['GET', `/invocations/${ID}`],
  ['DELETE', `/invocations/${ID}`],
  ['GET', '/dead-letters'],
  ['GET', `/dead-letters/${ID}`],
  ['DELETE', `/dead-letters/${ID}`],
  ['POST', `/dead-letters/${ID}/redrive`],
])('is asked for by the internal API at %s %s', async (method, path) => {
  const { invoker, admin } = await startWorld();
  for (const authorization of [undefined, 'Bearer ', 'Bearer wrong', 'token of tests']) {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`http://127.0.0.1:${invoker.ports.admin}${path}`, { method, headers });
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'AMP_INVOKER_TOKEN_WRONG' }]);
  }
  expect((await admin(method, path)).status).not.toBe(401);
});

describe('the token of the intake', () => {
  const ofFunction = { 'x-ampoule-function': 'nuclio/f', 'x-ampoule-caller': 'ann' };

  it('is asked for in a header of its own', async () => {
    const { invoker, target } = await startWorld();
    const ask = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${invoker.ports.intake}/`, { method: 'POST', body: 'x', headers: { ...ofFunction, ...headers } });
    for (const token of [undefined, '', 'wrong', 'token of tests', `Bearer ${INTAKE_TOKEN}`]) {
      const response = await ask(token === undefined ? {} : { 'x-ampoule-invoker-token': token });
      expect([response.status, await response.json()]).toMatchObject([401, { code: 'AMP_INVOKER_TOKEN_WRONG' }]);
    }
    expect((await ask({ authorization: `Bearer ${INTAKE_TOKEN}` })).status).toBe(401);
    expect(target.seen).toEqual([]);
    expect((await ask({ 'x-ampoule-invoker-token': INTAKE_TOKEN, authorization: "of the function's caller" })).status).toBe(202);
    await expect.poll(() => target.seen).toMatchObject([{ headers: { authorization: "of the function's caller" } }]);
  });

  it('reaches neither the function nor the disk', async () => {
    const { target, nats, idOf, until } = await startWorld();
    target.answer = (_, response) => response.writeHead(500).end();
    const id = await idOf('nuclio/f', '/', { headers: { 'x-ampoule-max-attempts': '1' } });
    await until(id, 'failed');
    const { store, close } = await openStore(nats);
    await expect.poll(async () => store.deadLetters.get(subjects.deadLetter(id))).toBeDefined();
    const kept = [await store.deadLetters.get(subjects.deadLetter(id)), await store.invocation(id)].map((entry) =>
      JSON.stringify(entry?.head),
    );
    await close();
    for (const text of [...kept, JSON.stringify(target.seen.map(({ headers }) => headers))]) {
      expect(text).not.toMatch(/x-ampoule-invoker-token|token of intake tests/i);
    }
  });
});
