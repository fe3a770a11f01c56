import { FakeApi } from '@ampoule/platform-api/kube/fake-api';
import { silentLogger as logger } from '@ampoule/platform-api/kube/logger';
import { resources } from '@ampoule/platform-api/kube/resources';
import { startCluster } from '@ampoule/platform-api/kube/testing/cluster';
import { expect, it, onTestFinished } from 'vitest';
import { CallbackGuard } from './callback-guard.ts';
import { followHosts } from './hosts.ts';

const START_MS = 120_000;
const NODES = '/api/v1/nodes';
const withAddresses = (...addresses: string[]) => ({
  status: { addresses: [{ type: 'Hostname', address: 'a' }, ...addresses.map((address) => ({ type: 'InternalIP', address }))] },
});

async function startHosts() {
  const api = new FakeApi();
  const client = await api.start();
  const follow = () => {
    const hosts = followHosts({ config: client.config, logger, everyMs: 20, requestMs: 200 });
    onTestFinished(hosts.stop);
    const guard = new CallbackGuard({ refused: [], nodeAddress: undefined, hostAddresses: hosts.addresses });
    return {
      known: hosts.known,
      codeAt: (url: string) =>
        guard.addressesOf(url).then(
          () => undefined,
          ({ code }) => code as unknown,
        ),
    };
  };
  onTestFinished(() => {
    client.close();
    api.stop();
  });
  return { api, follow };
}

it('lets callbacks go to no host of the cluster but at the ingress, also of those that join it later', async () => {
  const { api, follow } = await startHosts();
  api.put(`${NODES}/a`, withAddresses('192.168.7.1', 'fd00:7::1'));
  const { codeAt } = follow();
  await expect.poll(() => codeAt('http://192.168.7.1:10250/')).toBe('AMP_INVOKER_CALLBACK');
  expect(await codeAt('http://[fd00:7::1]:10250/')).toBe('AMP_INVOKER_CALLBACK');
  expect(await codeAt('https://192.168.7.1/fn/a')).toBeUndefined();
  expect(await codeAt('http://192.168.7.2:10250/')).toBeUndefined();

  api.put(`${NODES}/b`, withAddresses('192.168.7.2'));

  await expect.poll(() => codeAt('http://192.168.7.2:10250/')).toBe('AMP_INVOKER_CALLBACK');
});

it('lets callbacks go nowhere before the hosts are known, and keeps what is known while the API server is away', async () => {
  const { api, follow } = await startHosts();
  api.put(`${NODES}/a`, withAddresses('192.168.7.1'));
  api.intercept = (_request, response) => Boolean(response.writeHead(500).end());
  const { codeAt } = follow();
  await expect.poll(() => codeAt('https://192.0.2.1/')).toBe('AMP_INVOKER_HOSTS_UNKNOWN');

  api.intercept = undefined;
  await expect.poll(() => codeAt('https://192.0.2.1/')).toBeUndefined();

  api.intercept = (_request, response) => Boolean(response.writeHead(500).end());
  expect(await codeAt('http://192.168.7.1:10250/')).toBe('AMP_INVOKER_CALLBACK');
});

it('asks the API server again that does not answer, and tells when the hosts are known', async () => {
  const { api, follow } = await startHosts();
  let asked = 0;
  api.intercept = () => ++asked < 3;
  const { known, codeAt } = follow();

  await known;

  expect(asked).toBe(3);
  expect(await codeAt('https://192.0.2.1/')).toBeUndefined();
});

it(
  'in a real cluster the invoker may list hosts, and read nothing else',
  async () => {
    const cluster = await startCluster();
    onTestFinished(cluster.stop);
    const client = await cluster.as('invoker');

    expect((await client.list(resources.nodes)).items).toEqual([]);
    for (const resource of [resources.secrets, resources.pods, resources.functions]) {
      await expect(client.list(resource, 'nuclio')).rejects.toMatchObject({ code: 'AMP_KUBE_REFUSED' });
    }
  },
  START_MS,
);
