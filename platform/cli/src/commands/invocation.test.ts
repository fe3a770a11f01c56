import { silentLogger } from '@ampoule/platform-api/kube/logger';
import { expect, it, onTestFinished } from 'vitest';
// The real queue and the real invoker, as on an appliance; the program knows nothing of them but the dashboard's API.
import { NatsServer } from '../../../../airgap-tests/brokers/nats.ts';
import { readSettings } from '../../../invoker/src/settings.ts';
import { startInvoker } from '../../../invoker/src/start.ts';
import { environment } from '../../../invoker/src/testing/invoker.ts';
import { Target } from '../../../invoker/src/testing/target.ts';
import { startWithDashboard } from '../testing/cli.ts';

async function startAll() {
  const target = await Target.start();
  const nats = await NatsServer.start({ maxPayload: 4 * 1024 * 1024 });
  const invoker = await startInvoker({ settings: readSettings(environment(nats, target)), logger: silentLogger });
  onTestFinished(async () => {
    target.stop();
    await invoker.stop();
    await nats.stop();
  });
  const urlOf = (port: number) => `http://127.0.0.1:${port}`;
  const urls = { intakeUrl: urlOf(invoker.ports.intake), adminUrl: urlOf(invoker.ports.admin) };
  const { dashboard, cli } = await startWithDashboard(undefined, { invoker: urls });
  await dashboard.create('hello');
  dashboard.setState('hello', 'ready', { internalInvocationUrls: [target.url.replace('http://', '')] });
  const json = async (...args: string[]) => JSON.parse((await cli('--json', ...args)).stdout);
  return { target, cli, json };
}

it('calls a function later, and shows and fetches what came of it', async () => {
  const { target, cli, json } = await startAll();
  target.answer = ({ path, body }, response) => response.writeHead(201, { 'content-type': 'text/plain' }).end(`${path} ${body}`);

  const invoked = await cli('invoke', 'hello', '-b', 'you', '-p', '/a', '--async');
  const id = invoked.stdout.trim();

  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  await expect.poll(() => json('invocation', 'show', id), { timeout: 10_000 }).toMatchObject({ state: 'done', function: 'nuclio/hello' });
  expect((await cli('invocation', 'show', id)).stdout).toMatch(/nuclio\/hello +done +1\/5 +201/);
  expect(await cli('invocation', 'result', id)).toMatchObject({
    stdout: '/a you',
    stderr: expect.stringContaining('Status 201, text/plain'),
  });
  expect((await cli('invocation', 'cancel', id)).stderr).toMatch(/done already/);
  expect((await cli('invocation', 'show', crypto.randomUUID())).stderr).toMatch(/no such invocation/);
});

it('cancels, lists what was given up, has it tried again and removes it', async () => {
  const { target, cli, json } = await startAll();
  target.answer = ({ path }, response) => {
    if (path !== '/endless') response.writeHead(500).end();
  };
  const invoke = async (path: string): Promise<string> =>
    (await json('fn', 'invoke', 'hello', '-b', 'x', '-p', path, '-d', 'x-ampoule-max-attempts=1', '--async')).id;

  expect(await json('invocation', 'cancel', await invoke('/endless'))).toMatchObject({ state: 'cancelled' });
  const id = await invoke('/broken');
  await expect.poll(() => json('dead-letter', 'list', 'hello'), { timeout: 10_000 }).toMatchObject([{ id, path: '/broken' }]);

  expect((await cli('dead-letter', 'list')).stdout).toMatch(/POST \/broken +1 .*answered with status 500/);
  expect((await cli('dead-letter', 'show', id)).stdout).toMatch(/body: x/);
  expect((await cli('dead-letter', 'redrive', id)).stdout).toMatch(/in the queue again/);
  await expect.poll(() => json('dead-letter', 'list'), { timeout: 10_000 }).toMatchObject([{ id }]);
  expect((await cli('dead-letter', 'delete', id)).stdout).toMatch(/removed/);
  expect((await cli('dead-letter', 'list')).stdout).toMatch(/Nothing was given up/);
}, 60_000);
