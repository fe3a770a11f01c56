import { setTimeout as delay } from 'node:timers/promises';
import { annotations, labels } from '@ampoule/platform-api/constants';
import { enrichFunction } from '@ampoule/platform-api/enrich';
import { platformError } from '@ampoule/platform-api/errors';
import type { FunctionConfig } from '@ampoule/platform-api/function';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import { listVersions } from '@ampoule/platform-api/kube/versions';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { isStable } from '@ampoule/platform-api/states';
import { validateFunction } from '@ampoule/platform-api/validate';
import { autoFixFunction } from '@ampoule/platform-api/validate-triggers';
import type { FunctionVersion } from '@ampoule/platform-api/versions';
import { dashboardError, invalidRequest } from '../errors.ts';
import type { ApiGatewayStore } from './api-gateway-store.ts';
import type { FunctionEventStore } from './function-event-store.ts';
import { type FunctionDraft, FunctionSecrets } from './function-secrets.ts';
import { functionStatusOf, statusAtStart } from './function-view.ts';
import type { Sealed } from './kept-secrets.ts';
import type { ProjectStore } from './project-store.ts';
import { type Draft, ResourceStore, type Stored, storedSchema } from './resource-store.ts';
import { ensureIsNoVersion, isVersion } from './version-functions.ts';

export interface FunctionStoreOptions {
  client: KubeClient;
  platform: PlatformConfig;
  projects: ProjectStore;
  gateways: ApiGatewayStore;
  events: FunctionEventStore;
}

const POLL_MS = 200;
const WAIT_LIMIT_MS = 600_000;

/** The functions of the cluster. Whatever writes one, its secrets are taken out of it before. */
export class FunctionStore extends ResourceStore<Stored> {
  readonly #others: FunctionStoreOptions;
  readonly #secrets: FunctionSecrets;

  constructor(options: FunctionStoreOptions) {
    super({
      client: options.client,
      resource: resources.functions,
      schema: storedSchema,
      texts: {
        notFound: 'Function not found',
        exists: 'Cannot create two functions with the same name',
        stale: 'Function resource version is stale',
      },
      codes: { notFound: 'AMP_FUNCTION_NOT_FOUND', exists: 'AMP_FUNCTION_EXISTS', stale: 'AMP_FUNCTION_STALE' },
    });
    this.#others = options;
    this.#secrets = new FunctionSecrets(options.client, options.platform);
  }

  /** Functions that people have deployed, without those that run versions of them. */
  async listDeployed(namespace: string, labelSelector?: string): Promise<Stored[]> {
    return (await this.list(namespace, labelSelector)).filter((fn) => !isVersion(fn));
  }

  override async create(draft: Draft): Promise<Stored> {
    const sealed = await this.#secrets.seal(draft);
    const stored = await super.create(sealed.draft).catch(async (error: unknown) => {
      await this.#secrets.discard(sealed, error);
      throw error;
    });
    await this.#secrets.adopt(sealed, stored);
    return stored;
  }

  /** @throws AMP_FUNCTION_CONDITION where the function is a version of another */
  override async update(
    namespace: string,
    name: string,
    change: (current: Stored) => FunctionDraft | Promise<FunctionDraft>,
  ): Promise<Stored> {
    let sealed: Sealed | undefined;
    let before: string | undefined;
    const seal = async (current: Stored) => {
      if (sealed !== undefined) await this.#secrets.discard(sealed);
      sealed = undefined;
      ensureIsNoVersion(current);
      before = current.metadata.annotations?.[annotations.secret];
      sealed = await this.#secrets.seal(await change(current), current);
      return sealed.draft;
    };
    const stored = await super.update(namespace, name, seal).catch(async (error: unknown) => {
      if (sealed !== undefined) await this.#secrets.discard(sealed, error);
      throw error;
    });
    await this.#secrets.prune(stored, before);
    return stored;
  }

  /** Functions as they leave the cluster. @throws AMP_SECRET_MISSING */
  exported(functions: readonly Stored[], isWithSecrets: boolean): Promise<Stored[]> {
    return Promise.all(functions.map((fn) => this.#secrets.exported(fn, isWithSecrets)));
  }

  /** Writes a function for the builder to find. @throws AMP_FUNCTION_EXISTS, AMP_PROJECT_MISSING, AMP_FUNCTION_INVALID */
  async deploy(config: FunctionConfig, namespace: string, isAutofixed: boolean): Promise<void> {
    await this.create(await this.#draftOf(config, namespace, isAutofixed));
  }

  /**
   * Replaces a function and has it built anew; one that is not there is created.
   * @throws AMP_FUNCTION_BUSY, AMP_FUNCTION_STALE, AMP_FUNCTION_INVALID, AMP_FUNCTION_CONDITION
   */
  async redeploy(config: FunctionConfig, namespace: string, isAutofixed: boolean): Promise<void> {
    const draft = await this.#draftOf(config, namespace, isAutofixed);
    const { name } = draft.metadata;
    if ((await this.find(namespace, name)) === undefined) {
      await this.create(draft);
      return;
    }
    await this.update(namespace, name, async (current) => {
      ensureVersion(this, draft, current);
      ensureStable(current, 'Function cannot be updated when existing function is being provisioned');
      if (config.spec.disable === true) await this.#ensureCanBeDisabled(current);
      return { ...draft, status: statusAtStart('building', current.status) };
    });
  }

  /** Removes a function with its events; one that is not there is as good as removed. @throws AMP_FUNCTION_BUSY, AMP_FUNCTION_CONDITION */
  async delete(namespace: string, name: string, options: DeletionOptions = {}): Promise<void> {
    const current = await this.find(namespace, name);
    if (current === undefined) return;
    ensureIsNoVersion(current);
    if (options.resourceVersion && options.resourceVersion !== current.metadata.resourceVersion) throw this.staleError();
    if (!options.ignoreState) ensureStable(current, 'Function is being provisioned and cannot be deleted');
    const { gateways, events } = this.#others;
    const inWay = await gateways.namesOf(namespace, name);
    if (inWay.length > 0 && !options.withApiGateways)
      throw condition('Function is used by api gateways', `Remove ${inWay.join(', ')} first.`);
    await Promise.all(inWay.map((gateway) => gateways.remove(namespace, gateway)));
    await this.remove(namespace, name);
    await this.#secrets.removeOf(current);
    await events.removeOf(namespace, name);
  }

  /** Ends when nothing works on the function any more. @throws AMP_WAIT_TIMEOUT, AMP_FUNCTION_NOT_FOUND */
  async waitUntilStable(namespace: string, name: string, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + WAIT_LIMIT_MS;
    while (!isStable(functionStatusOf(await this.get(namespace, name)).state)) {
      if (Date.now() > deadline) {
        throw dashboardError('AMP_WAIT_TIMEOUT', {
          what: `Function ${name} is still being provisioned after ${WAIT_LIMIT_MS / 60_000} min`,
          fix: 'Look at its state and message, and at the pods of the builder and of the function.',
        });
      }
      await delay(POLL_MS, undefined, { signal });
    }
  }

  /** What was deployed under this name, the newest first. */
  async versionsOf(namespace: string, name: string): Promise<FunctionVersion[]> {
    const current = await this.find(namespace, name);
    return listVersions(this.#others.client, namespace, name, current && String(current.metadata.uid));
  }

  async #draftOf(config: FunctionConfig, namespace: string, isAutofixed: boolean): Promise<Draft> {
    const enriched = enrichFunction(config, namespace, this.#others.platform);
    const spec = isAutofixed ? autoFixFunction(enriched.spec) : enriched.spec;
    validateFunction({ ...enriched, spec });
    ensureIsNoVersion(enriched);
    await this.#others.projects.ensureThere(namespace, enriched.metadata.labels?.[labels.project] ?? '');
    const { name, labels: own, annotations, resourceVersion } = enriched.metadata;
    return { metadata: { name, namespace, labels: own, annotations, resourceVersion }, spec, status: statusAtStart('building') };
  }

  async #ensureCanBeDisabled(current: Stored): Promise<void> {
    const { name, namespace } = current.metadata;
    if (functionStatusOf(current).state === 'imported') {
      throw condition('Failed to disable function: it was imported and does not run', 'Deploy it first.');
    }
    const inWay = await this.#others.gateways.namesOf(namespace, name);
    if (inWay.length > 0) throw invalidRequest(`Cannot disable function while used by an API gateway: ${inWay.join(', ')}`);
  }
}

export interface DeletionOptions {
  ignoreState?: boolean;
  withApiGateways?: boolean;
  resourceVersion?: string | undefined;
}

/** @throws AMP_FUNCTION_BUSY while something works on the function */
export function ensureStable(current: Stored, what: string): void {
  if (isStable(functionStatusOf(current).state)) return;
  throw platformError('AMP_FUNCTION_BUSY', { what, fix: 'Wait until its state is ready, unhealthy or error.' });
}

/** A stale version is told before the state of the function, which the caller cannot know then. */
function ensureVersion(store: FunctionStore, draft: Draft, current: Stored): void {
  const wanted = draft.metadata.resourceVersion || undefined;
  if (wanted !== undefined && wanted !== current.metadata.resourceVersion) throw store.staleError();
}

export function condition(what: string, fix: string) {
  return dashboardError('AMP_FUNCTION_CONDITION', { what, fix });
}
