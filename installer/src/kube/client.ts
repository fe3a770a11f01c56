import { readFile } from 'node:fs/promises';
import { type ApiConstructor, type ApiType, createConfiguration, KubeConfig, ServerConfiguration } from '@kubernetes/client-node';
import { paths } from '../paths.ts';
import { withRoot } from '../pki/kubeadm.ts';

const REQUEST_TIMEOUT_MS = 15_000;

/** The administrator's access to this host's cluster. */
export async function adminKubeConfig(): Promise<KubeConfig> {
  const kubeconfig = new BoundedKubeConfig();
  kubeconfig.loadFromString(withRoot(await readFile(paths.adminKubeconfig, 'utf8'), await readFile(`${paths.pki}/trust.crt`, 'utf8')));
  return kubeconfig;
}

/** Access whose every request ends: the client's own limit is five minutes, which a server that hangs would take up. */
export class BoundedKubeConfig extends KubeConfig {
  readonly #timeoutMs: number;

  constructor(timeoutMs = REQUEST_TIMEOUT_MS) {
    super();
    this.#timeoutMs = timeoutMs;
  }

  override makeApiClient<T extends ApiType>(apiClientType: ApiConstructor<T>): T {
    const cluster = this.getCurrentCluster();
    if (cluster === null) throw new Error('the kubeconfig names no cluster');
    return new apiClientType(
      createConfiguration({
        baseServer: new ServerConfiguration(cluster.server, {}),
        authMethods: { default: this },
        promiseMiddleware: [
          {
            pre: async (request) => {
              request.setSignal(AbortSignal.timeout(this.#timeoutMs));
              return request;
            },
            post: async (response) => response,
          },
        ],
      }),
    );
  }
}
