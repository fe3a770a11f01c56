import { AmpouleError } from '@ampoule/lib/errors';
import { labels } from '@ampoule/platform-api/constants';
import type { FunctionStatus, NuclioFunction } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { functionOf, rejectFunction, updateFunction } from '@ampoule/platform-api/kube/functions';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { internalUrlOf } from '@ampoule/platform-api/names';
import type { Applier } from './applier.ts';
import { type Condition, deadlineMessageOf, isAvailable, isCurrentPod, isRolledOut, podFailureOf } from './condition.ts';
import { type FunctionObjects, objectsOf } from './objects/all.ts';
import { externalUrlsOf } from './objects/ingress.ts';
import type { Settings } from './settings.ts';

export interface ReconcilerOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  applier: Applier;
  settings: Pick<Settings, 'ingressHosts' | 'clusterDomain' | 'version'>;
}

/** Pods tell nobody of ours when they fail, so they are asked while a function comes up. */
const POD_CHECK_MS = 2000;
const HANDLED: ReadonlySet<string> = new Set(['waitingForResourceConfiguration', 'ready', 'unhealthy']);

/** Makes the objects of a function fit it, and its state fit the objects. */
export class FunctionReconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  reconcile = async (key: string): Promise<{ requeueAfterMs: number } | undefined> => {
    const { client, functions, applier, settings } = this.#options;
    const object = functions.get(key);
    if (object === undefined) {
      applier.forget(key);
      return undefined;
    }
    if (!HANDLED.has(stateOf(object) ?? '')) return undefined;
    let fn: NuclioFunction;
    let deployment: V1Deployment;
    let objects: FunctionObjects;
    try {
      fn = functionOf(object);
      objects = objectsOf(fn, settings.version);
      deployment = await applier.apply(key, objects);
    } catch (error) {
      if (!isOwnersMistake(error)) throw error;
      await rejectFunction(client, object, error.message);
      return undefined;
    }
    const condition = await this.#conditionOf(fn, deployment);
    await this.#report(key, fn, condition, objects);
    return condition.kind === 'progressing' ? { requeueAfterMs: POD_CHECK_MS } : undefined;
  };

  async #conditionOf({ metadata, spec, status }: NuclioFunction, deployment: V1Deployment): Promise<Condition> {
    if (status.state === 'ready' ? isAvailable(deployment) : isRolledOut(deployment)) return { kind: 'available' };
    if (status.state === 'ready') return { kind: 'failed', message: 'Function is not healthy' };
    const deadline = deadlineMessageOf(deployment);
    if (deadline === undefined && spec.waitReadinessTimeoutBeforeFailure === true) return { kind: 'progressing' };
    const selector = `${labels.function}=${metadata.name}`;
    const pods = await this.#options.client.list(resources.pods, metadata.namespace, selector);
    const failure = pods.items
      .filter((pod) => isCurrentPod(pod, deployment))
      .map(podFailureOf)
      .find((message) => message !== undefined);
    const message = failure ?? deadline;
    return message === undefined ? { kind: 'progressing' } : { kind: 'failed', message };
  }

  async #report(key: string, seen: NuclioFunction, condition: Condition, { ingress }: FunctionObjects): Promise<void> {
    if (condition.kind === 'progressing') return;
    const { settings, client } = this.#options;
    const wanted: FunctionStatus =
      condition.kind === 'failed'
        ? { state: 'unhealthy', message: condition.message }
        : {
            state: 'ready',
            message: '',
            internalInvocationUrls: [internalUrlOf(seen, settings.clusterDomain)],
            externalInvocationUrls: externalUrlsOf(ingress, settings.ingressHosts),
            ...(seen.spec.image === undefined ? {} : { containerImage: seen.spec.image }),
          };
    if (isSame(seen.status, wanted)) return;
    await updateFunction(client, key, ({ spec, status }) => {
      // What was looked at is no longer what its owner wants: the change brings the key here again.
      const isCurrent = status.state === seen.status.state && JSON.stringify(spec) === JSON.stringify(seen.spec);
      return isCurrent && !isSame(status, wanted) ? { status: wanted } : undefined;
    });
  }
}

function stateOf({ status }: RawObject): string | undefined {
  return (status as FunctionStatus | undefined)?.state;
}

function isSame(status: FunctionStatus, wanted: FunctionStatus): boolean {
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(status[name]) === JSON.stringify(value));
}

/** Such errors come again however often the same is tried: the function has to be changed. */
function isOwnersMistake(error: unknown): error is AmpouleError {
  if (!(error instanceof AmpouleError)) return false;
  if (error.code === 'AMP_INPUT_INVALID' || error.code === 'AMP_FUNCTION_INVALID') return true;
  return error.code === 'AMP_KUBE_REFUSED' && /with (400|422)$/.test(error.what);
}
