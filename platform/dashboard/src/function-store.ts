import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@ampoule/lib/errors';
import { defaults, labels } from '@ampoule/platform-api/constants';
import { enrichFunction } from '@ampoule/platform-api/enrich';
import { platformError } from '@ampoule/platform-api/errors';
import type { FunctionConfig, FunctionStatus } from '@ampoule/platform-api/function';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { isStable } from '@ampoule/platform-api/states';
import { validateFunction } from '@ampoule/platform-api/validate';
import { dashboardError } from './errors.ts';

export interface FunctionView {
  metadata: object;
  spec: unknown;
  status: FunctionStatus;
}

const POLL_MS = 200;
const WAIT_LIMIT_MS = 600_000;

/** The functions of the cluster as the dashboard's API sees them. The cluster is asked each time: nothing is kept here. */
export class FunctionStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async list(namespace: string): Promise<FunctionView[]> {
    return (await this.#client.list(resources.functions, namespace)).items.map(viewOf);
  }

  /** @throws AMP_FUNCTION_NOT_FOUND */
  async get(namespace: string, name: string): Promise<FunctionView> {
    return viewOf(await this.#read(namespace, name));
  }

  /** Writes a function for the builder to find. @throws AMP_FUNCTION_EXISTS, AMP_PROJECT_NOT_FOUND, AMP_FUNCTION_INVALID */
  async create(config: FunctionConfig, namespace: string): Promise<void> {
    const enriched = enrichFunction(config, namespace);
    validateFunction(enriched);
    await this.#ensureProject(enriched, namespace);
    try {
      await this.#client.create(resources.functions, objectOf(enriched));
    } catch (error) {
      if (codeOf(error) !== 'AMP_KUBE_EXISTS') throw error;
      throw platformError('AMP_FUNCTION_EXISTS', {
        what: 'Cannot create two functions with the same name',
        fix: 'Choose another name, or update the function that is there.',
        cause: error,
      });
    }
  }

  /** Replaces a function and has it built anew. @throws AMP_FUNCTION_NOT_FOUND, AMP_FUNCTION_BUSY, AMP_FUNCTION_STALE, AMP_FUNCTION_INVALID */
  async replace(config: FunctionConfig, namespace: string): Promise<void> {
    const enriched = enrichFunction(config, namespace);
    validateFunction(enriched);
    await this.#ensureProject(enriched, namespace);
    const current = await this.#read(namespace, enriched.metadata.name);
    const resourceVersion = current.metadata?.resourceVersion ?? '';
    if (enriched.metadata.resourceVersion && enriched.metadata.resourceVersion !== resourceVersion) throw stale();
    if (!isStable(statusOf(current).state)) {
      throw platformError('AMP_FUNCTION_BUSY', {
        what: 'Function cannot be updated when existing function is being provisioned',
        fix: 'Wait until its state is ready, unhealthy or error.',
      });
    }
    const object = objectOf({ ...enriched, metadata: { ...enriched.metadata, resourceVersion } });
    try {
      await this.#client.replace(resources.functions, object);
    } catch (error) {
      throw codeOf(error) === 'AMP_KUBE_CONFLICT' ? stale() : error;
    }
  }

  /** Removes a function and all of its objects; one that is not there is as good as removed. @throws AMP_FUNCTION_BUSY */
  async remove(namespace: string, name: string, ignoreState: boolean): Promise<void> {
    const current = await this.#client.read(resources.functions, namespace, name);
    if (current === undefined) return;
    if (!ignoreState && !isStable(statusOf(current).state)) {
      throw platformError('AMP_FUNCTION_BUSY', {
        what: 'Function is being provisioned and cannot be deleted',
        fix: 'Wait until its state is ready, unhealthy or error.',
      });
    }
    await this.#client.remove(resources.functions, namespace, name);
  }

  /** Ends when nothing works on the function any more. @throws AMP_WAIT_TIMEOUT, AMP_FUNCTION_NOT_FOUND */
  async waitUntilStable(namespace: string, name: string): Promise<void> {
    const deadline = Date.now() + WAIT_LIMIT_MS;
    while (!isStable((await this.get(namespace, name)).status.state)) {
      if (Date.now() > deadline) {
        throw dashboardError('AMP_WAIT_TIMEOUT', {
          what: `Function ${name} is still being provisioned after ${WAIT_LIMIT_MS / 60_000} min`,
          fix: 'Look at its state and message, and at the pods of the builder and of the function.',
        });
      }
      await delay(POLL_MS);
    }
  }

  async #read(namespace: string, name: string): Promise<RawObject> {
    const object = await this.#client.read(resources.functions, namespace, name);
    if (object !== undefined) return object;
    throw platformError('AMP_FUNCTION_NOT_FOUND', { what: 'Function not found', fix: 'Check its name and namespace.' });
  }

  async #ensureProject({ metadata }: FunctionConfig, namespace: string): Promise<void> {
    const project = metadata.labels?.[labels.project] ?? defaults.project;
    if ((await this.#client.read(resources.projects, namespace, project)) !== undefined) return;
    throw platformError('AMP_PROJECT_NOT_FOUND', { what: 'Project does not exist', fix: `Create project ${project} first.` });
  }
}

/** The view of a function without what only Kubernetes itself needs. */
function viewOf(object: RawObject): FunctionView {
  const { managedFields, ...metadata } = object.metadata ?? {};
  return { metadata, spec: object.spec ?? {}, status: statusOf(object) };
}

function statusOf(object: RawObject): FunctionStatus {
  return (object.status ?? {}) as FunctionStatus;
}

function objectOf({ metadata, spec }: FunctionConfig): RawObject {
  const { name, namespace, labels: own, annotations, resourceVersion } = metadata;
  const optional = { annotations: annotations ?? undefined, resourceVersion: resourceVersion || undefined };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { metadata: { name, namespace: namespace ?? '', labels: own ?? {}, ...given }, spec, status: { state: 'building', message: '' } };
}

function stale() {
  return platformError('AMP_FUNCTION_STALE', {
    what: 'Function resource version is stale',
    fix: 'Read the function again, then repeat the change.',
  });
}
