import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startWorld } from './testing/invoker.ts';

/** A request whose body comes slowly. */
function slowly(port: number, length: number): ClientRequest {
  const headers = { 'x-ampoule-invoker-token': 'token of intake tests', 'x-ampoule-function': 'nuclio/f', 'content-length': length };
  return request({ host: '127.0.0.1', port, method: 'POST', headers, agent: false });
}

it('refuses what there is no memory for, and goes on', async () => {
  const { invoke, idOf, until } = await startWorld({ AMPOULE_INTAKE_BYTES: '500000' });

  const refused = await invoke('nuclio/f', '/', { body: new Uint8Array(600_000) });

  expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'AMP_INVOKER_FULL' }]);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  for (let i = 0; i < 4; i++) await until(await idOf('nuclio/f', '/', { body: new Uint8Array(400_000) }), 'done');
});

it('does not hold up the stop with a body that comes slowly', async () => {
  const { invoker, stop } = await startWorld({ AMPOULE_DRAIN_SECONDS: '0' });
  const sent = slowly(invoker.ports.intake, 900_000);
  const broken = once(sent, 'error');
  sent.write(new Uint8Array(1000));
  await delay(200);

  await stop();

  expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
});
