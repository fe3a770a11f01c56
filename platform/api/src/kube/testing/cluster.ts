import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
// A real API server, and the manifests as an appliance gets them; the platform itself knows nothing of the installer.
import { applyObjects, objectsOf } from '../../../../../installer/src/kube/apply.ts';
import { startApiServer } from '../../../../../installer/src/kube/testing.ts';
import { KubeClient } from '../client.ts';

const MANIFESTS = join(import.meta.dirname, '../../../../../manifests/platform');
const FILES = ['00-namespaces.yaml', '10-crds.yaml', '30-roles.yaml'];

/** A real API server with the kinds, the accounts and the roles of the platform; nothing runs in it. */
export async function startCluster() {
  const { kubeconfig, stop } = await startApiServer();
  const server = kubeconfig.getCurrentCluster()?.server ?? '';
  const clients: KubeClient[] = [];
  const clientFor = (token: string) => {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'tests', server, skipTLSVerify: true }, { name: 'tests', token });
    const client = new KubeClient(config);
    clients.push(client);
    return client;
  };
  const end = async () => {
    for (const client of clients) client.close();
    await stop();
  };
  try {
    const texts = await Promise.all(FILES.map(async (name) => ({ name, text: await readFile(join(MANIFESTS, name), 'utf8') })));
    await applyObjects(kubeconfig, objectsOf(texts, {}), () => undefined);
  } catch (error) {
    await end();
    throw error;
  }
  return {
    admin: clientFor(kubeconfig.getCurrentUser()?.token ?? ''),
    /** The access that a component has. */
    async as(account: string): Promise<KubeClient> {
      const body = { spec: { audiences: [] } };
      const { status } = await kubeconfig
        .makeApiClient(CoreV1Api)
        .createNamespacedServiceAccountToken({ namespace: 'ampoule-system', name: account, body });
      return clientFor(status?.token ?? '');
    },
    stop: end,
  };
}
