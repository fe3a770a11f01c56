import { expect, it } from 'vitest';
import { startWorld } from '../testing/invoker.ts';

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
