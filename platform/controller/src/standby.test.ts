import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { becomesReady, freePort, LEADER_ADDRESS, startStandby } from '@ampoule/platform-api/kube/testing/standby';
import { expect, it, onTestFinished } from 'vitest';

const MAIN = join(import.meta.dirname, 'main.ts');
const BOUND = { uid: 'u', host: '10.0.0.7', port: 8080 };

it('is ready while another one leads, so that an update of several can go on', { timeout: 60_000 }, async () => {
  const port = await startStandby(MAIN, 'controller', { AMPOULE_RUNTIME_SHELL: 's:1' });

  expect(await becomesReady(port, 20_000)).toBe(true);
});

it('asks the leader for warm pods while it does not lead itself', { timeout: 60_000 }, async () => {
  const warmPort = await freePort();
  const asked: (string | undefined)[] = [];
  const leader = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(request.url?.endsWith('/f') ? 200 : 404).end(JSON.stringify(request.url?.endsWith('/f') ? BOUND : {}));
  });
  leader.listen(warmPort, LEADER_ADDRESS);
  await once(leader, 'listening');
  onTestFinished(() => {
    leader.close();
    leader.closeAllConnections();
  });
  const { privateKey } = generateKeyPairSync('ed25519');
  const port = await startStandby(MAIN, 'controller', {
    AMPOULE_RUNTIME_SHELL: 's:1',
    AMPOULE_WARM_NAMESPACE: 'warm',
    AMPOULE_WARM_KEY: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    AMPOULE_WARM_PORT: String(warmPort),
    AMPOULE_RUNTIME_NODEJS: 'n:1',
    AMPOULE_RUNTIME_PYTHON: 'p:1',
    AMPOULE_REGISTRY_URL: 'http://127.0.0.1:1',
  });
  const ask = (name: string) => fetch(`http://127.0.0.1:${warmPort}/warm/nuclio/${name}`, { method: 'POST' });
  const isAnswering = () =>
    ask('f').then(
      ({ status }) => status,
      () => undefined,
    );

  await expect.poll(isAnswering, { timeout: 20_000 }).toBe(200);

  expect(await (await ask('f')).json()).toEqual(BOUND);
  expect((await ask('g')).status).toBe(404);
  expect(asked).toContain('POST /warm/nuclio/f');
  expect(await becomesReady(port, 5000)).toBe(true);
});
