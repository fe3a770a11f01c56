import type { AugmentedConfig } from '@ampoule/platform-api/augmented-configs';
import { labels } from '@ampoule/platform-api/constants';
import type { FunctionStatus, NuclioFunction } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { functionOf, rejectFunction, updateFunction } from '@ampoule/platform-api/kube/functions';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Deployment } from '@ampoule/platform-api/kube/types';
import { internalUrlOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import type { Applier } from './applier.ts';
import { deadlineMessageOf, isCurrentPod, podFailureOf, refusalOf } from './condition.ts';
import { isMistake } from './mistakes.ts';
import { type FunctionObjects, objectsOf } from './objects/all.ts';
import { augmented, augmentsOf, deploymentSpecsOf } from './objects/augment.ts';
import type { RenderContext, Scaling } from './objects/context.ts';
import { externalUrlsOf } from './objects/ingress.ts';
import { nodeSelectorOf } from './objects/pod.ts';
import { scalerOf } from './objects/replicas.ts';
import { targetMistakesOf } from './objects/scale-targets.ts';
import { outcomeOf } from './outcome.ts';
import { type Phase, phaseOf } from './phase.ts';
import { projectNodeSelectorOf } from './project-node-selector.ts';
import type { Settings } from './settings.ts';

export interface ReconcilerOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  projects: Cache<RawObject>;
  platform: PlatformConfigSource;
  applier: Applier;
  /** How a function is to be scaled now. */
  scalingOf: (object: RawObject) => Scaling;
  settings: Pick<Settings, 'ingressHosts' | 'clusterDomain' | 'version' | 'shellImage'>;
}

/** Pods tell nobody of ours when they fail, so they are asked while a function comes up. */
const POD_CHECK_MS = 2000;
/** Who has the address of a function may let go of it, which does not bring the key of that function here. */
const ADDRESS_CHECK_MS = 10_000;

/** A function that what the platform adds does not fit is tried again, since it does not hear of another platform configuration. */
const PLATFORM_CHECK_MS = 10_000;

interface Rendered {
  /** As it is stored. */
  stored: NuclioFunction;
  /** As it is to run. */
  fn: NuclioFunction;
  phase: Phase;
  context: RenderContext;
  objects: FunctionObjects;
}

interface Found extends Pick<Rendered, 'stored' | 'phase'> {
  object: RawObject;
  platform: PlatformConfig;
  added: readonly AugmentedConfig[];
}

/** Makes the objects of a function fit it, and its state fit the objects. */
export class FunctionReconciler {
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  reconcile = async (key: string): Promise<{ requeueAfterMs: number } | undefined> => {
    const { client, functions, applier } = this.#options;
    const object = functions.get(key);
    if (object === undefined) {
      applier.forget(key);
      return undefined;
    }
    const phase = phaseOf((object.status as FunctionStatus | undefined)?.state, object.metadata?.annotations);
    if (phase === undefined) return undefined;
    let rendered: Rendered;
    let deployment: V1Deployment;
    let added: readonly AugmentedConfig[] = [];
    try {
      const stored = functionOf(object);
      const platform = await this.#options.platform.read();
      added = augmentsOf(stored, platform);
      rendered = this.#render(key, { object, stored, phase, platform, added });
      deployment = await applier.apply(key, rendered.objects);
    } catch (error) {
      if (!isMistake(error)) throw error;
      if (added.length > 0) return this.#tellPlatformsMistake(key, object, error.message);
      await rejectFunction(client, object, error.message);
      return undefined;
    }
    const status = await this.#statusOf(rendered, deployment);
    if (status === 'wait') return { requeueAfterMs: POD_CHECK_MS };
    await this.#report(key, rendered.stored, status);
    return status.state === 'ready' && status.message !== '' ? { requeueAfterMs: ADDRESS_CHECK_MS } : undefined;
  };

  #render(key: string, { object, stored, phase, platform, added }: Found): Rendered {
    const { applier, projects, scalingOf, settings } = this.#options;
    const fn = augmented(stored, added);
    const context: RenderContext = {
      phase,
      version: settings.version,
      shellImage: settings.shellImage,
      platform,
      deploymentSpecs: deploymentSpecsOf(added),
      projectNodeSelector: projectNodeSelectorOf(fn, projects),
      currentReplicas: applier.deploymentOf(key)?.spec?.replicas,
      scaling: scalingOf(object),
      isServing: fn.status.state !== 'waitingForResourceConfiguration' || (applier.deploymentOf(key)?.status?.availableReplicas ?? 0) > 0,
    };
    return { stored, fn, phase, context, objects: objectsOf(fn, context) };
  }

  /** Its owner cannot mend it: so it goes on as it was, and comes right by itself once the platform configuration does. */
  async #tellPlatformsMistake(key: string, object: RawObject, why: string): Promise<{ requeueAfterMs: number }> {
    const message = `What functionAugmentedConfigs of the platform configuration add does not fit this function: ${why}`;
    const stored = functionOf(object);
    const { state } = stored.status;
    await this.#report(key, stored, { message, ...(state === 'waitingForResourceConfiguration' ? { state: 'unhealthy' } : {}) });
    return { requeueAfterMs: PLATFORM_CHECK_MS };
  }

  async #statusOf(rendered: Rendered, deployment: V1Deployment): Promise<FunctionStatus | 'wait'> {
    const { fn, phase } = rendered;
    const outcome = outcomeOf(fn, phase, deployment, this.#servingStatusOf(rendered));
    if (outcome.kind === 'status') return outcome.status;
    if (outcome.kind === 'wait') return 'wait';
    const deadline = deadlineMessageOf(deployment);
    if (deadline === undefined && fn.spec.waitReadinessTimeoutBeforeFailure === true) return 'wait';
    const message = (await this.#podFailureOf(fn, deployment)) ?? refusalOf(deployment) ?? deadline;
    return message === undefined ? 'wait' : { state: 'unhealthy', message };
  }

  async #podFailureOf({ metadata }: NuclioFunction, deployment: V1Deployment): Promise<string | undefined> {
    const pods = await this.#options.client.list(resources.pods, metadata.namespace, `${labels.function}=${metadata.name}`);
    return pods.items
      .filter((pod) => isCurrentPod(pod, deployment))
      .map(podFailureOf)
      .find((message) => message !== undefined);
  }

  #servingStatusOf({ fn, context, objects }: Rendered): FunctionStatus {
    const { ingressHosts, clusterDomain } = this.#options.settings;
    const nodeSelector = nodeSelectorOf(fn, context);
    const key = `${fn.metadata.namespace}/${fn.metadata.name}`;
    const nodePort = this.#options.applier.nodePortOf(key);
    const taken = this.#options.applier.takenAddressesOf(key);
    const mistakes = scalerOf(fn.spec) === undefined ? [] : targetMistakesOf(fn.spec);
    return {
      state: 'ready',
      message: [
        ...(taken.length === 0 ? [] : [`An older function has the same address and gets its requests: ${taken.join(', ')}`]),
        ...(context.scaling?.notice ? [context.scaling.notice] : []),
        ...(mistakes.length === 0 ? [] : [`Its autoScaleMetrics are left out: ${mistakes.join(', ')}`]),
      ].join('. '),
      internalInvocationUrls: [internalUrlOf(fn, clusterDomain)],
      externalInvocationUrls: externalUrlsOf(objects.ingress, ingressHosts),
      ...(fn.spec.image === undefined ? {} : { containerImage: fn.spec.image }),
      ...(nodePort === undefined ? {} : { httpPort: nodePort }),
      ...(Object.keys(nodeSelector).length === 0 ? {} : { enrichedNodeSelector: nodeSelector }),
    };
  }

  async #report(key: string, seen: NuclioFunction, wanted: FunctionStatus): Promise<void> {
    if (isSame(seen.status, wanted)) return;
    await updateFunction(this.#options.client, key, ({ spec, status }) => {
      // What was looked at is no longer what its owner wants: the change brings the key here again.
      const isCurrent = status.state === seen.status.state && JSON.stringify(spec) === JSON.stringify(seen.spec);
      return isCurrent && !isSame(status, wanted) ? { status: wanted } : undefined;
    });
  }
}

function isSame(status: FunctionStatus, wanted: FunctionStatus): boolean {
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(status[name]) === JSON.stringify(value));
}
