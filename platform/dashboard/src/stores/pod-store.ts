import type { Readable } from 'node:stream';
import { labels } from '@ampoule/platform-api/constants';
import type { KubeClient, PodLogOptions } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1Pod } from '@ampoule/platform-api/kube/types';
import { invalidRequest } from '../errors.ts';
import { selectorOf } from './resource-store.ts';

/** The replicas of functions. */
export class PodStore {
  readonly #client: KubeClient;

  /** Warm pods are in a namespace of their own; undefined where there are none. */
  readonly #warmNamespace: string | undefined;

  constructor(client: KubeClient, warmNamespace: string | undefined) {
    this.#client = client;
    this.#warmNamespace = warmNamespace;
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
    return this.#client.podLog(pod.metadata?.namespace ?? namespace, replica, options, signal);
  }

  /** Its own, and a warm one that stands in for them. */
  async #podsOf(namespace: string, functionName: string): Promise<V1Pod[]> {
    const lists = [this.#client.list(resources.pods, namespace, selectorOf(labels.function, functionName))];
    if (this.#warmNamespace !== undefined) {
      lists.push(this.#client.list(resources.pods, this.#warmNamespace, selectorOf(labels.boundTo, functionName)));
    }
    return (await Promise.all(lists)).flatMap(({ items }) => items);
  }
}
