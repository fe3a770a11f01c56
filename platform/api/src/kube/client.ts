import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { AmpouleError } from '@ampoule/lib/errors';
import { parseJson } from '@ampoule/lib/parse';
import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import * as z from 'zod';
import { platformError } from '../errors.ts';
import { type KubeResource, pathOf, resources } from './resources.ts';
import { type KubeRequest, type KubeResponse, KubeTransport, USUAL_TIMEOUT_MS } from './transport.ts';

const statusSchema = z.looseObject({ message: z.string().optional(), reason: z.string().optional() });
const objectSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) });
const listSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }), items: z.array(objectSchema) });

export interface KubeList<T> {
  metadata: { resourceVersion: string };
  items: T[];
}

export interface PodLogOptions {
  container: string;
  follow: boolean;
  sinceSeconds?: number | undefined;
  tailLines?: number | undefined;
}

/** The verbs of the Kubernetes API that the platform needs, on plain JSON objects: what is unknown here is kept. */
export class KubeClient {
  readonly config: KubeConfig;
  readonly #transport: KubeTransport;

  constructor(config: KubeConfig, { timeoutMs = USUAL_TIMEOUT_MS }: { timeoutMs?: number } = {}) {
    this.config = config;
    this.#transport = new KubeTransport(config, timeoutMs);
  }

  /** One object, or undefined where there is none. */
  async read<T extends KubernetesObject>(resource: KubeResource<T>, namespace: string, name: string): Promise<T | undefined> {
    const request: KubeRequest = { method: 'GET', path: pathOf(resource, namespace, name) };
    const response = await this.#transport.send(request);
    return response.status === 404 ? undefined : objectOf<T>(request, response);
  }

  async list<T extends KubernetesObject>(resource: KubeResource<T>, namespace?: string, labelSelector?: string): Promise<KubeList<T>> {
    const request: KubeRequest = {
      method: 'GET',
      path: pathOf(resource, namespace),
      query: labelSelector === undefined ? {} : { labelSelector },
    };
    const { body } = ensureDone(request, await this.#transport.send(request));
    return parseJson(listSchema, body, `the list at ${request.path}`) as unknown as KubeList<T>;
  }

  /** @throws AMP_KUBE_EXISTS */
  create<T extends KubernetesObject>(resource: KubeResource<T>, object: T): Promise<T> {
    return this.#write({ method: 'POST', path: pathOf(resource, object.metadata?.namespace), body: withKind(resource, object) });
  }

  /** Replaces an object; with a resourceVersion only that very version. @throws AMP_KUBE_CONFLICT */
  replace<T extends KubernetesObject>(resource: KubeResource<T>, object: T): Promise<T> {
    return this.#write({ method: 'PUT', path: objectPath(resource, object), body: withKind(resource, object) });
  }

  /** Server-side apply: makes the given fields so and leaves those of others alone. */
  apply<T extends KubernetesObject>(resource: KubeResource<T>, object: T, fieldManager: string): Promise<T> {
    return this.#write({
      method: 'PATCH',
      path: objectPath(resource, object),
      query: { fieldManager, force: 'true' },
      contentType: 'application/apply-patch+yaml',
      body: withKind(resource, object),
    });
  }

  /** Merge patch of the fields given; with metadata.resourceVersion only of that very version. @throws AMP_KUBE_CONFLICT */
  patch<T extends KubernetesObject>(resource: KubeResource<T>, patch: RecursivePartial<T>, subresource?: 'status'): Promise<T> {
    const path = objectPath(resource, patch as KubernetesObject);
    return this.#write({
      method: 'PATCH',
      path: subresource === undefined ? path : `${path}/${subresource}`,
      contentType: 'application/merge-patch+json',
      body: patch,
    });
  }

  /** Deletes an object; one that is not there is as good as deleted. */
  async remove<T extends KubernetesObject>(
    resource: KubeResource<T>,
    namespace: string,
    name: string,
    propagationPolicy: 'Background' | 'Foreground' = 'Background',
  ): Promise<void> {
    const request: KubeRequest = { method: 'DELETE', path: pathOf(resource, namespace, name), body: { propagationPolicy } };
    const response = await this.#transport.send(request);
    if (response.status !== 404) ensureDone(request, response);
  }

  /** The log of a container, as it is written. @throws AMP_KUBE_REFUSED */
  async podLog(
    namespace: string,
    pod: string,
    { container, follow, sinceSeconds, tailLines }: PodLogOptions,
    signal: AbortSignal,
  ): Promise<Readable> {
    const request: KubeRequest = {
      method: 'GET',
      path: `${pathOf(resources.pods, namespace, pod)}/log`,
      query: {
        container,
        follow: String(follow),
        ...(sinceSeconds === undefined ? {} : { sinceSeconds: String(sinceSeconds) }),
        ...(tailLines === undefined ? {} : { tailLines: String(tailLines) }),
      },
    };
    const response = await this.#transport.open(request, signal);
    if (response.statusCode !== 200) ensureDone(request, { status: response.statusCode ?? 0, body: await text(response) });
    return response;
  }

  close(): void {
    this.#transport.close();
  }

  async #write<T extends KubernetesObject>(request: KubeRequest): Promise<T> {
    return objectOf<T>(request, await this.#transport.send(request));
  }
}

export type RecursivePartial<T> = { [K in keyof T]?: T[K] extends object | undefined ? RecursivePartial<T[K]> | null : T[K] | null };

function objectPath(resource: KubeResource<KubernetesObject>, { metadata }: KubernetesObject): string {
  return pathOf(resource, metadata?.namespace, metadata?.name);
}

function withKind<T extends KubernetesObject>({ apiVersion, kind }: KubeResource<T>, object: T): T {
  return { ...object, apiVersion, kind };
}

function objectOf<T>(request: KubeRequest, response: KubeResponse): T {
  const { body } = ensureDone(request, response);
  return parseJson(objectSchema, body, `the object at ${request.path}`) as T;
}

function ensureDone({ method, path }: KubeRequest, response: KubeResponse): KubeResponse {
  if (response.status >= 200 && response.status < 300) return response;
  const { message, reason } = reasonOf(response.body);
  const parts = { what: `Kubernetes answered ${method} ${path} with ${response.status}`, why: message };
  if (reason === 'AlreadyExists') throw platformError('AMP_KUBE_EXISTS', { ...parts, fix: 'Choose another name.' });
  if (response.status === 409)
    throw platformError('AMP_KUBE_CONFLICT', { ...parts, fix: 'Read the object again, then repeat the change.' });
  const fix = response.status === 403 ? "Check the roles of the component's service account." : 'Correct what the message names.';
  throw platformError('AMP_KUBE_REFUSED', { ...parts, fix });
}

/** The status with which the API server refused a request; undefined for any other error. */
export function refusedStatusOf(error: unknown): number | undefined {
  if (!(error instanceof AmpouleError) || error.code !== 'AMP_KUBE_REFUSED') return undefined;
  return Number(/with (\d+)$/.exec(error.what)?.[1]);
}

function reasonOf(body: string): { message: string; reason?: string | undefined } {
  try {
    const { message, reason } = statusSchema.parse(JSON.parse(body));
    return { message: message ?? body.slice(0, 500), reason };
  } catch {
    return { message: body.slice(0, 500) };
  }
}
