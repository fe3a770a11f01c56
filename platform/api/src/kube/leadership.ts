import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { KubeClient } from './client.ts';
import type { Logger } from './logger.ts';
import { type RawObject, resources } from './resources.ts';

const DURATION_SECONDS = 15;
const RENEW_WITHIN_MS = 10_000;
/** Several attempts fit into the time that a renewal has. */
const REQUEST_TIMEOUT_MS = 3000;
const RETRY_MS = 1000;

/** On the lease, where the leader is reached. */
const ADDRESS = 'ampoule.internal/leader-address';

const leaseSchema = z.object({
  holderIdentity: z.string().default(''),
  leaseDurationSeconds: z.number().default(DURATION_SECONDS),
  renewTime: z.string().default(''),
  acquireTime: z.string().optional(),
  leaseTransitions: z.number().default(0),
});
type LeaseSpec = z.output<typeof leaseSchema>;

export interface Candidate {
  /** The Lease that all candidates share. */
  namespace: string;
  name: string;
  /** Who this is: no other candidate may have the same. */
  identity: string;
  /** Where others reach it while it leads. */
  address?: string | undefined;
}

export interface LeadershipOptions extends Candidate {
  client: KubeClient;
  logger: Logger;
  /** The lease is somebody else's, or may be soon. Whatever is under way has to end at once. */
  onLost: (reason: string) => void;
  /** After this time without a sign of life of the leader, another one takes its place. */
  durationSeconds?: number;
  /** The leader gives up by itself earlier, so that there are never two. */
  renewWithinMs?: number;
  /** What is not answered within this time is asked again, over a new connection. */
  requestTimeoutMs?: number;
  retryMs?: number;
}

/** One of several candidates is the leader, by a Lease: https://kubernetes.io/docs/concepts/architecture/leases/ */
export class Leadership {
  readonly #options: LeadershipOptions & Required<Omit<LeadershipOptions, 'address'>>;
  /** Of its own, so that the lease waits for no other request. */
  readonly #client: KubeClient;
  readonly #stop = new AbortController();
  #lease: RawObject | undefined;
  /** What the lease said when it changed last, and when that was by our own clock: those of other hosts may differ. */
  #seen = { renewTime: '', at: 0 };
  #deadline: NodeJS.Timeout | undefined;
  #renewing: Promise<void> = Promise.resolve();

  private constructor(options: LeadershipOptions) {
    this.#options = {
      durationSeconds: DURATION_SECONDS,
      renewWithinMs: RENEW_WITHIN_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      retryMs: RETRY_MS,
      ...options,
    };
    this.#client = new KubeClient(options.client.config, { timeoutMs: this.#options.requestTimeoutMs });
  }

  /** The leader of the candidates of a component; whoever loses that ends its process, as nothing less is sure to stop everything. */
  static ofComponent(client: KubeClient, logger: Logger, candidate: Candidate): Promise<Leadership> {
    const onLost = (reason: string) => {
      logger.error({ reason }, 'not leading any more');
      process.exit(1);
    };
    return Leadership.acquire({ client, logger, ...candidate, onLost });
  }

  /** Waits until this is the leader, and keeps it the leader from then on. */
  static async acquire(options: LeadershipOptions): Promise<Leadership> {
    const leadership = new Leadership(options);
    await leadership.#take();
    leadership.#renewing = leadership.#renew();
    return leadership;
  }

  /** Lets another one be the leader at once. Whatever only the leader may do has to have ended. */
  async release(): Promise<void> {
    this.#stop.abort();
    await this.#renewing;
    clearTimeout(this.#deadline);
    const { logger } = this.#options;
    await this.#write({ holderIdentity: '' }).catch((error: unknown) => logger.warn({ reason: messageOf(error) }, 'lease not released'));
    this.#client.close();
  }

  async #take(): Promise<void> {
    const { logger, retryMs, identity, name } = this.#options;
    for (let isWaiting = false; ; ) {
      try {
        if (await this.#tryToTake()) {
          logger.info({ lease: name, identity }, 'leading');
          return;
        }
        if (!isWaiting) logger.info({ lease: name }, 'waiting while another one leads');
        isWaiting = true;
      } catch (error) {
        logger.warn({ reason: messageOf(error), retryMs }, 'the lease cannot be had, trying again');
      }
      await delay(retryMs);
    }
  }

  async #tryToTake(): Promise<boolean> {
    const { namespace, name, identity, address = '' } = this.#options;
    const annotations = { [ADDRESS]: address };
    const found = await this.#client.read(resources.leases, namespace, name);
    const sentAt = performance.now();
    try {
      if (found === undefined) {
        this.#lease = await this.#client.create(resources.leases, {
          metadata: { namespace, name, annotations },
          spec: this.#specOf(undefined),
        });
      } else {
        const spec = specOf(found);
        if (spec.holderIdentity !== '' && spec.holderIdentity !== identity && !this.#isOver(spec)) return false;
        const metadata = { ...found.metadata, annotations: { ...found.metadata?.annotations, ...annotations } };
        this.#lease = await this.#client.replace(resources.leases, { ...found, metadata, spec: this.#specOf(spec) });
      }
    } catch (error) {
      if (codeOf(error) === 'AMP_KUBE_CONFLICT' || codeOf(error) === 'AMP_KUBE_EXISTS') return false;
      throw error;
    }
    this.#setDeadline(sentAt);
    return true;
  }

  #isOver({ renewTime, leaseDurationSeconds }: LeaseSpec): boolean {
    if (renewTime !== this.#seen.renewTime || this.#seen.at === 0) this.#seen = { renewTime, at: performance.now() };
    return performance.now() - this.#seen.at > leaseDurationSeconds * 1000;
  }

  async #renew(): Promise<void> {
    const { logger, retryMs, onLost } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      await delay(retryMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const sentAt = performance.now();
      try {
        await this.#write({});
        this.#setDeadline(sentAt);
      } catch (error) {
        if (codeOf(error) === 'AMP_KUBE_CONFLICT' && !(await this.#isStillOurs())) return onLost('another one has the lease');
        logger.warn({ reason: messageOf(error), retryMs }, 'the lease cannot be renewed, trying again');
      }
    }
  }

  /** A renewal whose answer was lost has made a version that we do not know. */
  async #isStillOurs(): Promise<boolean> {
    const { namespace, name, identity } = this.#options;
    const found = await this.#client.read(resources.leases, namespace, name).catch(() => this.#lease);
    this.#lease = found;
    return found !== undefined && specOf(found).holderIdentity === identity;
  }

  /** Others may count from the time that the renewal was sent at, however long its answer took. */
  #setDeadline(sentAt: number): void {
    const { renewWithinMs, onLost } = this.#options;
    clearTimeout(this.#deadline);
    const leftMs = sentAt + renewWithinMs - performance.now();
    this.#deadline = setTimeout(() => onLost(`the lease could not be renewed for ${renewWithinMs} ms`), leftMs);
  }

  /** Only the version that was written last is replaced. @throws AMP_KUBE_CONFLICT where somebody else wrote */
  async #write(change: Partial<LeaseSpec>): Promise<void> {
    if (this.#lease === undefined) return;
    const spec = { ...this.#specOf(specOf(this.#lease)), ...change };
    this.#lease = await this.#client.replace(resources.leases, { ...this.#lease, spec });
  }

  #specOf(before: LeaseSpec | undefined): LeaseSpec {
    const { identity, durationSeconds } = this.#options;
    const now = new Date().toISOString().replace('Z', '000Z');
    const isNew = before?.holderIdentity !== identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: durationSeconds,
      renewTime: now,
      acquireTime: isNew ? now : before.acquireTime,
      leaseTransitions: (before?.leaseTransitions ?? 0) + (isNew && before !== undefined ? 1 : 0),
    };
  }
}

function specOf(lease: RawObject): LeaseSpec {
  return parse(leaseSchema, lease.spec ?? {}, 'the lease');
}

/** Where the leader of a component is reached; undefined where it does not say, or nobody leads. */
export async function leaderAddressOf(client: KubeClient, { namespace, name }: Candidate): Promise<string | undefined> {
  const lease = await client.read(resources.leases, namespace, name);
  if (lease === undefined || specOf(lease).holderIdentity === '') return undefined;
  return lease.metadata?.annotations?.[ADDRESS] || undefined;
}

/** The pod, as which a component stands for leader; absent outside of a cluster. */
export const candidateVariables = {
  AMPOULE_POD_NAMESPACE: z.string().optional(),
  AMPOULE_POD_NAME: z.string().optional(),
  AMPOULE_POD_IP: z.string().optional(),
};

type CandidateVariables = z.output<z.ZodObject<typeof candidateVariables>>;

/** A pod as a candidate for the leader of its component; undefined outside of a cluster. */
export function candidateOf(
  component: string,
  { AMPOULE_POD_NAMESPACE: namespace, AMPOULE_POD_NAME: identity, AMPOULE_POD_IP: address }: CandidateVariables,
): Candidate | undefined {
  return namespace === undefined || identity === undefined ? undefined : { namespace, name: component, identity, address };
}
