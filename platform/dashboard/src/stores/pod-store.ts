import type { Readable } from 'node:stream';
import { labels } from '@ampoule/platform-api/constants';
import type { KubeClient, PodLogOptions } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import { invalidRequest } from '../errors.ts';
import { selectorOf } from './resource-store.ts';

/** The replicas of functions. */
export class PodStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async namesOf(namespace: string, functionName: string): Promise<string[]> {
    return (await this.#podsOf(namespace, functionName)).map(({ metadata }) => metadata?.name ?? '');
  }

  /** The log of one replica, as it is written. @throws AMP_REQUEST_INVALID where replica or container are not the function's */
  async logOf(namespace: string, functionName: string, replica: string, options: PodLogOptions, signal: AbortSignal): Promise<Readable> {
    const pod = (await this.#podsOf(namespace, functionName)).find(({ metadata }) => metadata?.name === replica);
    if (pod === undefined) throw invalidRequest(`${replica} replica does not belong to function ${functionName}`);
    const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    if (!containers.some(({ name }) => name === options.container)) {
      throw invalidRequest(`${options.container} container does not belong to replica ${replica}`);
    }
    return this.#client.podLog(namespace, replica, options, signal);
  }

  async #podsOf(namespace: string, functionName: string) {
    return (await this.#client.list(resources.pods, namespace, selectorOf(labels.function, functionName))).items;
  }
}
