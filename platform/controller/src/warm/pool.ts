import type { KeyObject } from 'node:crypto';
import { messageOf } from '@ampoule/lib/errors';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { functionOf } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { podUidOf } from '@ampoule/platform-api/kube/pods';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment, V1Pod } from '@ampoule/platform-api/kube/types';
import { augmented, augmentsOf, deploymentSpecsOf } from '../objects/augment.ts';
import { phaseOf } from '../phase.ts';
import { projectNodeSelectorOf } from '../project-node-selector.ts';
import type { FunctionCode } from './code.ts';
import { unfitnessOf } from './fitness.ts';
import { bindingMessageOf } from './message.ts';
import { sendBinding } from './send.ts';
import { boundTo, marksOf, type WarmPod, type WarmRuntime, waitingPodOf, warmRuntimeOf } from './warm-pods.ts';

/** After that another warm pod is tried: it may have been a busy moment. */
const FAILED_MS = 300_000;

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
  readonly #bound = new Map<string, { spec: string; pod: Promise<Bound | undefined>; uid: string | undefined }>();
  /** The functions of pods that were chosen; the API server hears of it a moment later. */
  readonly #taken = new Map<string, string>();
  /** By the keys of functions: specifications with which no warm pod became theirs. The next one would hardly either. */
  readonly #failed = new Map<string, { spec: string; at: number }>();

  constructor(options: WarmPoolOptions) {
    this.#options = options;
  }

  /** The name of the function that a pod is bound to. */
  functionNameOf(pod: V1Pod): string | undefined {
    return boundTo(pod) ?? this.#taken.get(podUidOf(pod));
  }

  /** A pod that answers for a function without pods; undefined where there is none for it. */
  bind(key: string): Promise<Bound | undefined> {
    const object = this.#options.functions.get(key);
    if (object === undefined) {
      this.#failed.delete(key);
      return Promise.resolve(undefined);
    }
    const spec = JSON.stringify(object.spec);
    const failed = this.#failed.get(key);
    if (failed?.spec === spec && performance.now() - failed.at < FAILED_MS) return Promise.resolve(undefined);
    this.#failed.delete(key);
    const before = this.#bound.get(key);
    if (before?.spec === spec && (before.uid === undefined || this.#isThere(before.uid))) return before.pod;
    const entry = { spec, pod: this.#bind(key, object), uid: undefined as string | undefined };
    this.#bound.set(key, entry);
    void entry.pod.then((bound) => {
      entry.uid = bound?.uid;
      if (bound === undefined && this.#bound.get(key) === entry) this.#bound.delete(key);
    });
    return entry.pod;
  }

  /** Forgets pods that are not there any more. */
  prune(): void {
    for (const [key, { uid }] of this.#bound) if (uid !== undefined && !this.#isThere(uid)) this.#bound.delete(key);
    for (const uid of this.#taken.keys()) if (!this.#isThere(uid)) this.#taken.delete(uid);
  }

  async #bind(key: string, object: RawObject): Promise<Bound | undefined> {
    const { logger, projects, platform, code, privateKey } = this.#options;
    const startedAt = performance.now();
    let pod: WarmPod | undefined;
    let isSent = false;
    try {
      const stored = functionOf(object);
      const phase = phaseOf(stored.status.state, stored.metadata.annotations);
      if (phase !== 'zero' && phase !== 'waking') return undefined;
      const config = await platform.read();
      const added = augmentsOf(stored, config);
      const fn = augmented(stored, added);
      const context = {
        platform: config,
        deploymentSpecs: deploymentSpecsOf(added),
        projectNodeSelector: projectNodeSelectorOf(fn, projects),
      };
      const unfit = unfitnessOf(fn, context);
      const runtime = warmRuntimeOf(fn);
      if (unfit !== undefined || runtime === undefined) {
        logger.debug({ key, reason: unfit }, 'a function starts without a warm pod');
        return undefined;
      }
      // Before its code is read, so that no more code is read than there are pods for.
      pod = this.#choose(fn.metadata.name, runtime);
      const layers = pod === undefined ? undefined : await code.layersOf(fn.spec.image ?? '', runtime);
      if (pod === undefined || layers === undefined) return this.#release(pod);
      // No pod is to be taken for one that waits, whoever restarts: so this comes first.
      await this.#mark(pod, marksOf(fn, config));
      isSent = true;
      const port = await sendBinding(pod, bindingMessageOf(fn, pod, { platform: config, layers, privateKey }));
      logger.info({ key, pod: pod.name, ms: Math.round(performance.now() - startedAt) }, 'a function woke up in a warm pod');
      return { uid: pod.uid, host: pod.host, port };
    } catch (error) {
      logger.warn({ key, pod: pod?.name, reason: messageOf(error) }, 'a function cannot be bound to a warm pod, so it waits for its own');
      if (!isSent) return this.#release(pod);
      this.#failed.set(key, { spec: JSON.stringify(object.spec), at: performance.now() });
      if (pod !== undefined) await removePod(this.#options, pod.name);
      return undefined;
    }
  }

  #choose(functionName: string, runtime: WarmRuntime): WarmPod | undefined {
    const pod = this.#options.pods
      .list()
      .map((each) => waitingPodOf(each, runtime))
      .find((waiting) => waiting !== undefined && !this.#taken.has(waiting.uid));
    if (pod !== undefined) this.#taken.set(pod.uid, functionName);
    return pod;
  }

  #release(pod: WarmPod | undefined): undefined {
    if (pod !== undefined) this.#taken.delete(pod.uid);
  }

  #isThere(uid: string): boolean {
    return this.#options.pods.list().some((pod) => podUidOf(pod) === uid && pod.metadata?.deletionTimestamp === undefined);
  }

  async #mark({ name }: WarmPod, marks: ReturnType<typeof marksOf>): Promise<void> {
    const { client, namespace } = this.#options;
    await client.patch<V1Pod>(resources.pods, { metadata: { namespace, name, ...marks } });
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
