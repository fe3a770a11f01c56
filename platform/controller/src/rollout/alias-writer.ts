import { messageOf } from '@ampoule/lib/errors';
import { type Alias, aliasUpstreamsOf, type RolloutStatus } from '@ampoule/platform-api/alias';
import type { KubeClient, RecursivePartial } from '@ampoule/platform-api/kube/client';
import { recordEvent } from '@ampoule/platform-api/kube/events';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import { keyOf, type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { type AliasGateway, rolloutOf } from './alias-gateway.ts';

/** What is said of an alias. */
export interface Said {
  phase: RolloutStatus['phase'];
  reason: string;
  message: string;
}

type Condition = RolloutStatus['conditions'][number];
type Versions = Pick<Alias, 'version' | 'canary'>;

/** Writes aliases, only those that are as they were read. @throws AMP_KUBE_CONFLICT */
export class AliasWriter {
  readonly #client: KubeClient;
  readonly #logger: Logger;

  constructor(client: KubeClient, logger: Logger) {
    this.#client = client;
    this.#logger = logger;
  }

  /** Says how it stands, and leaves the calls where they go. */
  async say(object: RawObject, versions: Versions, said: Said): Promise<void> {
    const rollout = rolloutOf(object);
    const isSaid = rollout?.phase === said.phase && rollout.conditions[0]?.message === said.message;
    if (isSaid && rollout.stableVersion === versions.version) return;
    await this.#patch(object, { status: { rollout: statusOf(rollout, { versions, weight: 0, said }) } }, said);
  }

  /** Changes the alias, leads the calls by it and says so, in one. */
  async write({ object, rollout }: AliasGateway, { alias, weight, said }: { alias: Alias; weight: number; said: Said }): Promise<void> {
    const spec = { alias: { ...alias, canary: alias.canary ?? null }, upstreams: aliasUpstreamsOf(alias, weight) };
    await this.#patch(object, { spec, status: { rollout: statusOf(rollout, { versions: alias, weight, said }) } }, said);
  }

  async #patch(object: RawObject, fields: object, { phase, reason, message }: Said): Promise<void> {
    const { namespace, name, resourceVersion } = object.metadata ?? {};
    const patch = { metadata: { namespace, name, resourceVersion }, ...fields } as RecursivePartial<RawObject>;
    await this.#client.patch(resources.apiGateways, patch);
    this.#logger.info({ key: keyOf(object), phase, reason, message }, 'an alias');
    const type = isFailure(phase) ? 'Warning' : 'Normal';
    // The alias tells it as well, so an event that is lost does no harm.
    await recordEvent(this.#client, resources.apiGateways, object, { type, reason, message, component: 'ampoule-controller' }).catch(
      (error: unknown) => this.#logger.debug({ key: keyOf(object), reason: messageOf(error) }, 'an event was not recorded'),
    );
  }
}

/** A field that is null is taken away. */
function statusOf(before: RolloutStatus | undefined, now: { versions: Versions; weight: number; said: Said }): RolloutStatus {
  const { versions, weight, said } = now;
  const canaryVersion = versions.canary?.version ?? null;
  const isSameStep = before?.phase === said.phase && before.weight === weight && (before.canaryVersion ?? null) === canaryVersion;
  return {
    phase: said.phase,
    stableVersion: versions.version,
    canaryVersion,
    weight,
    steppedAt: isSameStep ? before.steppedAt : new Date().toISOString(),
    conditions: [conditionOf(said, before?.conditions[0])],
  };
}

/** As conditions of Kubernetes are. */
function conditionOf({ phase, reason, message }: Said, before: Condition | undefined): Condition {
  const status = isFailure(phase) ? 'False' : 'True';
  const isSame = before?.status === status && before.reason === reason;
  return {
    type: 'Progressing',
    status,
    reason,
    message,
    lastTransitionTime: isSame ? before.lastTransitionTime : new Date().toISOString(),
  };
}

function isFailure(phase: Said['phase']): boolean {
  return phase === 'RolledBack' || phase === 'Failed';
}
