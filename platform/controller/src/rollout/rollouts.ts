import { mapConcurrently } from '@ampoule/lib/concurrent';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { type Alias, type Canary, versionFunctionNameOf } from '@ampoule/platform-api/alias';
import type { FunctionStatus } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { Loop } from '@ampoule/platform-api/kube/loop';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Service } from '@ampoule/platform-api/kube/types';
import type { Processors } from '../processors.ts';
import { type AliasGateway, aliasGatewayOf, functionsOf, hasShares } from './alias-gateway.ts';
import { AliasServices } from './alias-services.ts';
import { AliasWriter, type Said } from './alias-writer.ts';
import { CallCounter } from './call-counter.ts';
import { isServing, nextStep } from './next-step.ts';
import { VersionFunctions } from './version-functions.ts';

export interface RolloutsOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  apiGateways: Cache<RawObject>;
  /** Those of aliases. */
  aliasServices: Cache<V1Service>;
  clusterDomain: string;
  processors: Processors;
  logger: Logger;
  /** Milliseconds for which the function of a version stays that no alias names any more. */
  unusedMs?: number;
  /** Milliseconds for which somebody has looked before. */
  knownForMs?: number;
}

const INTERVAL_MS = 2000;
const AT_ONCE = 8;

/** Makes aliases lead to their versions, and moves the shares of canaries. */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #versions: VersionFunctions;
  readonly #services: AliasServices;
  readonly #writer: AliasWriter;
  readonly #calls: CallCounter;
  /** When the stable versions of aliases were last seen not to serve. */
  readonly #downAtMs = new Map<string, number>();
  /** After a start of the host, states are those of before until they have been looked at: so nothing is sure for a while. */
  readonly #knownSinceMs: number;
  readonly #loop: Loop;

  constructor(options: RolloutsOptions) {
    const { client, processors, logger } = options;
    this.#options = options;
    this.#calls = new CallCounter(processors);
    this.#knownSinceMs = performance.now() - (options.knownForMs ?? 0);
    this.#versions = new VersionFunctions(options);
    this.#services = new AliasServices(options);
    this.#writer = new AliasWriter(client, logger);
    const look = () => this.look().then(() => INTERVAL_MS);
    this.#loop = new Loop({ look, usualMs: INTERVAL_MS, logger, failure: 'aliases cannot be looked at, trying again' });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Looks at all aliases, once. */
  async look(): Promise<void> {
    const { apiGateways, logger } = this.#options;
    const gateways = apiGateways.list();
    await mapConcurrently([...gateways], AT_ONCE, async (object) => {
      const look = async () => {
        await this.#lookAt(object);
        // Last, since no canary is to go on because its alias has no name.
        await this.#giveName(object);
      };
      await look().catch((error: unknown) => {
        // Somebody else changed it: the next look sees how it is then.
        if (codeOf(error) !== 'AMP_KUBE_CONFLICT') logger.warn({ key: keyOf(object), reason: messageOf(error) }, 'an alias stays as it is');
      });
    });
    const keys = new Set(gateways.map(keyOf));
    this.#calls.retain(keys);
    for (const key of this.#downAtMs.keys()) if (!keys.has(key)) this.#downAtMs.delete(key);
    const needed = gateways.flatMap((object) => functionsOf(object).map((name) => `${object.metadata?.namespace}/${name}`));
    await this.#versions.removeUnused(new Set(needed));
  }

  async #giveName(object: RawObject): Promise<void> {
    const gateway = aliasGatewayOf(object);
    if (gateway !== undefined && !('mistake' in gateway)) await this.#services.ensure(object);
  }

  async #lookAt(object: RawObject): Promise<void> {
    const gateway = aliasGatewayOf(object);
    if (gateway === undefined) return;
    if ('mistake' in gateway) {
      return this.#writer.say(object, { version: 0 }, { phase: 'Failed', reason: 'AliasInvalid', message: gateway.mistake });
    }
    const { alias, rollout, spec } = gateway;
    const stable = await this.#versions.ensure(object.metadata?.namespace ?? '', alias.function, alias.version);
    if ('missing' in stable) return this.#writer.say(object, alias, { ...stable.missing, phase: 'Failed' });
    if (!isSettled(gateway) && !isServing(stable.status)) return this.#writer.say(object, alias, startingOf(alias, stable.status));
    if (!isServing(stable.status)) this.#downAtMs.set(keyOf(object), performance.now());
    if (alias.canary) return this.#moveCanary(gateway, { ...alias, canary: alias.canary });
    // How the last canary ended is worth knowing until something else happens.
    const isEnd = rollout?.stableVersion === alias.version && (rollout.phase === 'Succeeded' || rollout.phase === 'RolledBack');
    const phase = isEnd ? rollout.phase : 'Stable';
    if (rollout?.phase === phase && rollout.stableVersion === alias.version && hasShares(spec, alias, 0)) return;
    const said: Said = { phase, reason: 'VersionServes', message: `Version ${alias.version} gets all calls` };
    await this.#writer.write(gateway, { alias, weight: 0, said });
  }

  async #moveCanary(gateway: AliasGateway, alias: Alias & { canary: Canary }): Promise<void> {
    const { object, rollout, spec } = gateway;
    const { canary, ...without } = alias;
    const { namespace = '' } = object.metadata ?? {};
    const found = await this.#versions.ensure(namespace, alias.function, canary.version);
    if ('missing' in found) {
      return this.#writer.write(gateway, { alias: without, weight: 0, said: { ...found.missing, phase: 'RolledBack' } });
    }
    const isUnderWay =
      rollout?.phase === 'Progressing' && rollout.canaryVersion === canary.version && rollout.stableVersion === alias.version;
    const weight = isUnderWay ? rollout.weight : 0;
    const pods = this.#options.processors.runningPods().get(`${namespace}/${versionFunctionNameOf(alias.function, canary.version)}`) ?? [];
    const { kind, ...step } = nextStep(canary, {
      weight,
      sinceStepMs: isUnderWay ? Date.now() - Date.parse(rollout.steppedAt) : 0,
      status: found.status,
      stableForMs: performance.now() - (this.#downAtMs.get(keyOf(object)) ?? this.#knownSinceMs),
      watched: await this.#calls.look(keyOf(object), `${canary.version} ${weight}`, pods),
    });
    const said = ({ reason, message }: typeof step, phase: Said['phase']): Said => ({ phase, reason, message });
    switch (kind) {
      case 'promote': {
        const promoted = { ...without, version: canary.version, previousVersion: alias.version };
        return this.#writer.write(gateway, { alias: promoted, weight: 0, said: said(step, 'Succeeded') });
      }
      case 'back':
        return this.#writer.write(gateway, { alias: without, weight: 0, said: said(step, 'RolledBack') });
      case 'hold':
        if (isUnderWay && rollout.conditions[0]?.reason === step.reason && hasShares(spec, alias, weight)) return;
    }
    return this.#writer.write(gateway, { alias, weight: step.weight, said: said(step, 'Progressing') });
  }
}

/** Whether calls go to the stable version, and did so before this look. */
function isSettled({ alias, spec, rollout }: AliasGateway): boolean {
  const wanted = versionFunctionNameOf(alias.function, alias.version);
  const isThere = (spec.upstreams ?? []).some(({ nucliofunction }) => nucliofunction?.name === wanted);
  return isThere && rollout !== undefined && rollout.phase !== 'Starting' && rollout.phase !== 'Failed';
}

function startingOf({ version }: Alias, { state, message }: FunctionStatus): Said {
  const isBroken = state === 'error' || state === 'unhealthy';
  if (!isBroken) return { phase: 'Starting', reason: 'VersionStarting', message: `Version ${version} is starting` };
  return { phase: 'Failed', reason: 'VersionUnhealthy', message: `Version ${version} does not serve: ${message || state}` };
}
