import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
import { CallbackGuard } from './callback-guard.ts';
import { Intake } from './intake.ts';
import { Levels } from './levels.ts';
import { streams } from './store/streams.ts';
import { clientOf } from './testing/client.ts';
import { openStore, startNats, startWorld } from './testing/invoker.ts';

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

it('knows a key again also where NATS was away for a moment right after the job was put into the queue', async () => {
  const { store, close } = await openStore(await startNats());
  onTestFinished(close);
  let saves = 0;
  const save = (...args: Parameters<typeof store.save>) => (saves++ === 0 ? Promise.reject(new Error('away')) : store.save(...args));
  const shaky = Object.create(store, { save: { value: save } });
  const guard = new CallbackGuard({ refused: [], nodeAddress: undefined });
  const intake = new Intake({ store: shaky, levels: new Levels(store), guard, logger, secret: 's', onJob: () => undefined });
  const headers = { 'x-ampoule-function': 'nuclio/f', 'idempotency-key': 'k' };
  const asked = { method: 'POST', path: '/', headers, rawHeaders: [], body: new Uint8Array() };

  const first = await intake.accept(asked);

  expect(await intake.accept(asked)).toEqual(first);
});

it('takes no more of a function than its half of the queue has room for, also where all requests come at the same moment', async () => {
  const { store, close } = await openStore(await startNats());
  onTestFinished(close);
  await store.manager.streams.update(streams.jobs, { max_bytes: 8_000_000 });
  const guard = new CallbackGuard({ refused: [], nodeAddress: undefined });
  const intake = new Intake({ store, levels: new Levels(store), guard, logger, secret: 's', onJob: () => undefined });
  const body = new Uint8Array(500_000);
  const taken = async (name: string, requests: number) => {
    const headers = { 'x-ampoule-function': name };
    const asked = { method: 'POST', path: '/', headers, rawHeaders: [], body };
    const all = await Promise.allSettled(Array.from({ length: requests }, () => intake.accept(asked)));
    return all.filter(({ status }) => status === 'fulfilled').length;
  };

  const ofF = [await taken('nuclio/f', 6), ...(await Promise.all([taken('nuclio/f', 10), taken('nuclio/f', 10)]))];

  expect(ofF.reduce((sum, each) => sum + each)).toBe(8);
  await delay(1200);
  expect(await taken('nuclio/f', 5)).toBe(0);
  expect(await taken('nuclio/g', 2)).toBe(2);
});

it('makes the same ids of keys whether or not the file of the secret ends with a line break', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'invoker-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = [join(folder, 'with'), join(folder, 'without')] as const;
  await writeFile(files[0], 'secret\n');
  await writeFile(files[1], 'secret');
  const { start, idOf } = await startWorld({ AMPOULE_INVOKER_TOKEN_FILE: files[0] });
  const other = await start({ AMPOULE_INVOKER_TOKEN_FILE: files[1] });
  onTestFinished(() => other.stop());
  const sent = { headers: { 'idempotency-key': 'k' } };

  expect(await clientOf(other.ports).idOf('nuclio/f', '/', sent)).toBe(await idOf('nuclio/f', '/', sent));
});
