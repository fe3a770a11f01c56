import type { KeyObject } from 'node:crypto';
import { messageOf } from '@ampoule/lib/errors';
import { labels } from '@ampoule/platform-api/constants';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { functionOf } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { phaseOf } from '../phase.ts';
import { projectNodeSelectorOf } from '../project-node-selector.ts';
import type { FunctionCode } from './code.ts';
import { unfitnessOf } from './fitness.ts';
import { bindingMessageOf } from './message.ts';
import { sendBinding } from './send.ts';
import { boundTo, uidOf, type WarmPod, waitingPodOf } from './warm-pods.ts';

export interface WarmPoolOptions {
  client: KubeClient;
  /** Where warm pods are: not where functions are, whose owners could pass theirs off as warm. */
  namespace: string;
  functionNamespace: string;
  functions: Cache<RawObject>;
  projects: Cache<RawObject>;
  pods: Cache<V1Pod>;
  deployments: Cache<V1Deployment>;
  platform: PlatformConfigSource;
  code: FunctionCode;
  privateKey: KeyObject;
  logger: Logger;
}

/** Where a function answers that was bound to a warm pod. */
export interface Bound {
  /** Of the pod. */
  uid: string;
  host: string;
  port: number;
}

/** Gives functions that sleep and are called a warm pod, until one of their own serves. */
export class WarmPool {
  readonly #options: WarmPoolOptions;
  /** By the keys of functions: the pod that each has, and the specification that it was bound with. */
  readonly #bound = new Map<string, { spec: string; pod: Promise<Bound | undefined> }>();
  /** The functions of pods that were sent a binding; the API server hears of it only after. */
  readonly #taken = new Map<string, string>();

  constructor(options: WarmPoolOptions) {
    this.#options = options;
    options.pods.onChange((pod) => {
      if (pod.metadata?.deletionTimestamp === undefined) return;
      const name = this.functionNameOf(pod);
      if (name !== undefined) this.#bound.delete(`${options.functionNamespace}/${name}`);
      this.#taken.delete(uidOf(pod));
    });
  }

  /** The name of the function that a pod is bound to. */
  functionNameOf(pod: V1Pod): string | undefined {
    return boundTo(pod) ?? this.#taken.get(uidOf(pod));
  }

  /** A pod that answers for a function without pods; undefined where there is none for it. */
  bind(key: string): Promise<Bound | undefined> {
    const object = this.#options.functions.get(key);
    if (object === undefined) return Promise.resolve(undefined);
    const spec = JSON.stringify(object.spec);
    const before = this.#bound.get(key);
    if (before?.spec === spec) return before.pod;
    const pod = this.#bind(key, object).then((bound) => {
      if (bound === undefined && this.#bound.get(key)?.pod === pod) this.#bound.delete(key);
      return bound;
    });
    this.#bound.set(key, { spec, pod });
    return pod;
  }

  async #bind(key: string, object: RawObject): Promise<Bound | undefined> {
    const { logger, projects, platform, code, pods, privateKey } = this.#options;
    const startedAt = performance.now();
    let pod: WarmPod | undefined;
    try {
      const fn = functionOf(object);
      const phase = phaseOf(fn.status.state, fn.metadata.annotations);
      if (phase !== 'zero' && phase !== 'waking') return undefined;
      const config = await platform.read();
      const unfit = unfitnessOf(fn, { platform: config, projectNodeSelector: projectNodeSelectorOf(fn, projects) });
      const layers = unfit === undefined ? await code.layersOf(fn.spec.image ?? '') : undefined;
      if (layers === undefined) {
        logger.debug({ key, reason: unfit ?? 'its image is not one of warm pods' }, 'a function starts without a warm pod');
        return undefined;
      }
      pod = pods
        .list()
        .map(waitingPodOf)
        .find((waiting) => waiting !== undefined && !this.#taken.has(waiting.uid));
      if (pod === undefined) return undefined;
      this.#taken.set(pod.uid, fn.metadata.name);
      const port = await sendBinding(pod, bindingMessageOf(fn, pod, { platform: config, layers, privateKey }));
      logger.info({ key, pod: pod.name, ms: Math.round(performance.now() - startedAt) }, 'a function woke up in a warm pod');
      void this.#label(pod, fn.metadata.name);
      return { uid: pod.uid, host: pod.host, port };
    } catch (error) {
      logger.warn({ key, pod: pod?.name, reason: messageOf(error) }, 'a function cannot be bound to a warm pod, so it waits for its own');
      if (pod !== undefined) await removePod(this.#options, pod.name);
      return undefined;
    }
  }

  /** Tells people, and a controller that is started after this one. */
  async #label({ name }: WarmPod, functionName: string): Promise<void> {
    const { client, namespace, logger } = this.#options;
    try {
      await client.patch<V1Pod>(resources.pods, { metadata: { namespace, name, labels: { [labels.boundTo]: functionName } } });
    } catch (error) {
      logger.warn({ pod: name, reason: messageOf(error) }, 'a warm pod cannot be labelled');
    }
  }
}

/** Removes a pod of the pool, for which another one comes. One that cannot be removed now is tried again by who looks after the pool. */
export async function removePod(
  { client, namespace, logger }: Pick<WarmPoolOptions, 'client' | 'namespace' | 'logger'>,
  name: string,
): Promise<void> {
  try {
    await client.remove(resources.pods, namespace, name);
  } catch (error) {
    logger.warn({ pod: name, reason: messageOf(error) }, 'a warm pod cannot be removed');
  }
}
