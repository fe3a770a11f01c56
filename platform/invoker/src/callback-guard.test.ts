import { expect, it, onTestFinished } from 'vitest';
import { CallbackGuard } from './callback-guard.ts';
import { queuedInvocation } from './invocation.ts';
import { readSettings } from './settings.ts';
import { clientOf } from './testing/client.ts';
import { startWorld } from './testing/invoker.ts';
import { Target } from './testing/target.ts';
import { postResult } from './work/post.ts';

const usual = readSettings({
  AMPOULE_INVOKER_TOKEN_FILE: 'token',
  AMPOULE_INVOKER_INTAKE_TOKEN_FILE: 'token',
  AMPOULE_CLUSTER_NETWORKS: '10.244.0.0/16,10.96.0.0/16,fd00:10::/64',
  AMPOULE_NODE_ADDRESS: '192.168.7.1',
}).callbacks;
const refusal = { code: 'AMP_INVOKER_CALLBACK' };

it.each([
  ['127.0.0.1', 'itself'],
  ['0x7f.1', 'itself in other digits'],
  ['[::1]', 'itself'],
  ['0.0.0.0', 'no address'],
  ['[::ffff:127.0.0.1]', 'itself as IPv6'],
  ['169.254.169.254', 'the metadata of a cloud'],
  ['[fe80::1]', 'its link'],
  ['224.0.0.1', 'many hosts'],
  ['10.244.3.7', 'a pod'],
  ['10.96.0.10', 'a service'],
  ['[::ffff:10.96.0.10]', 'a service as IPv6'],
  ['[fd00:10::5]', 'a pod'],
  ['localhost', 'itself by name'],
  ['[64:ff9b::7f00:1]', 'itself behind NAT64'],
  ['[64:ff9b:1::a60:a]', 'a service behind NAT64'],
  ['[2002:7f00:1::1]', 'itself over 6to4'],
  ['[2001:0:a60:a::1]', 'a service over Teredo'],
])('lets no callback go to %s, which is %s', async (host) => {
  await expect(new CallbackGuard(usual).addressesOf(`http://${host}:8080/a`)).rejects.toMatchObject(refusal);
  await expect(new CallbackGuard(usual).check(`http://${host}:8080/a`)).rejects.toMatchObject(refusal);
});

it.each(['169.254.169.254', '[fe80::1]', '[64:ff9b::a60:a]', '[2002:7f00:1::1]'])('lets none go to %s under any settings', async (host) => {
  const guard = new CallbackGuard({ refused: [], nodeAddress: undefined });
  await expect(guard.addressesOf(`http://${host}/`)).rejects.toMatchObject(refusal);
});

it.each(['10.245.0.1', '192.168.1.1', '203.0.113.5', '[2001:db8::1]'])('lets callbacks go to %s', async (host) => {
  expect(await new CallbackGuard(usual).addressesOf(`https://${host}/`)).toMatchObject([{ address: host.replace(/[[\]]/g, '') }]);
});

it.each(['https://192.168.7.1:6443/', 'http://192.168.7.1:10250/', 'https://192.168.7.1:5000/', 'http://[::ffff:192.168.7.1]:8080/'])(
  'lets no callback go to %s, which is on the host of the cluster and not the ingress',
  async (url) => {
    await expect(new CallbackGuard(usual).check(url)).rejects.toMatchObject(refusal);
    const named = new CallbackGuard(usual, async () => [{ address: '192.168.7.1', family: 4 }]);
    await expect(named.addressesOf(`http://host.example:${new URL(url).port}/`)).rejects.toMatchObject(refusal);
  },
);

it.each(['https://192.168.7.1/fn/a', 'http://192.168.7.1/fn/a', 'http://192.168.7.1:443/', 'https://192.168.7.2:6443/'])(
  'lets callbacks go to %s, which is the ingress or another host',
  async (url) => {
    expect(await new CallbackGuard(usual).addressesOf(url)).toHaveLength(1);
  },
);

it('refuses a name with a refused address among others, and takes one that cannot be resolved yet', async () => {
  const found = ['203.0.113.5', '10.96.0.1'].map((address) => ({ address, family: 4 }));
  await expect(new CallbackGuard(usual, async () => found).check('http://both.example/')).rejects.toMatchObject(refusal);
  const failing = new CallbackGuard(usual, () => Promise.reject(new Error('ENOTFOUND')));
  await failing.check('http://later.example/');
  await expect(failing.addressesOf('http://later.example/')).rejects.toThrow('ENOTFOUND');
});

it('is asked once for the address that a callback goes to, so that a name cannot change its meaning in between', async () => {
  const caller = await Target.start();
  onTestFinished(() => caller.stop());
  let asked = 0;
  const guard = new CallbackGuard({ refused: [], nodeAddress: undefined }, async () => [
    { address: asked++ === 0 ? '127.0.0.1' : '192.0.2.1', family: 4 },
  ]);
  const job = { id: crypto.randomUUID(), function: 'a/b', method: 'GET', path: '/', headers: [], maxAttempts: 1, createdAt: '', bytes: 0 };
  const url = caller.url.replace('127.0.0.1', 'rebinding.test');

  expect(await postResult(url, { head: queuedInvocation(job), body: new Uint8Array() }, guard)).toBeUndefined();

  expect(asked).toBe(1);
  expect(caller.seen[0]?.headers.host).toBe(new URL(url).host);
});

it('is asked when a request comes, and again when its callback is sent', async () => {
  const { target, stop, start, idOf } = await startWorld({ AMPOULE_DRAIN_SECONDS: '0' });
  const caller = await Target.start();
  onTestFinished(() => caller.stop());
  target.answer = () => undefined;
  const headers = { 'x-ampoule-callback': caller.url };
  const id = await idOf('nuclio/f', '/', { headers });
  await expect.poll(() => target.seen.length).toBe(1);
  await stop();
  target.answer = (_, response) => response.end('ok');
  const strict = await start({ AMPOULE_CLUSTER_NETWORKS: '127.0.0.0/8' });
  onTestFinished(() => strict.stop());
  const { invoke, show } = clientOf(strict.ports);

  const refused = await invoke('nuclio/f', '/', { headers });

  expect([refused.status, await refused.json()]).toEqual([400, { ...refusal, error: expect.stringContaining('127.0.0.1') }]);
  await expect
    .poll(async () => (await show(id)).callback, { timeout: 10_000 })
    .toMatchObject({ state: 'failed', attempts: 1, error: { ...refusal, message: expect.stringContaining('inside of the cluster') } });
  expect(caller.seen).toEqual([]);
});
