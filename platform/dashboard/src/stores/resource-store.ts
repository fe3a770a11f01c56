import { setTimeout as delay } from 'node:timers/promises';
import { type AmpouleError, codeOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { platformError, type platformErrorCodes } from '@ampoule/platform-api/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type KubeResource, keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import * as z from 'zod';
import { invalidRequest } from '../errors.ts';

const strings = z.record(z.string(), z.string());

/** What any object of the cluster has; what is in spec and status is the business of who reads it. */
export const storedSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    resourceVersion: z.string(),
    labels: strings.optional(),
    annotations: strings.optional(),
  }),
  spec: z.looseObject({}).default({}),
  status: z.looseObject({}).default({}),
});
export type Stored = z.output<typeof storedSchema>;

/** An object as it is exported: without what ties it to the place that it comes from. */
export const exportedSchema = z.looseObject({ metadata: z.looseObject({ name: z.string() }), spec: z.looseObject({}) });

/** An object to be written. With a resourceVersion only that very version is replaced. */
export interface Draft {
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string> | null | undefined;
    annotations?: Record<string, string> | null | undefined;
    resourceVersion?: string | undefined;
  };
  spec: object;
  status?: object | undefined;
}

type Code = keyof typeof platformErrorCodes;

export interface ResourceStoreOptions<T extends Stored> {
  client: KubeClient;
  resource: KubeResource<RawObject>;
  schema: z.ZodType<T>;
  texts: { notFound: string; exists: string; stale: string };
  codes: { notFound: Code; exists: Code; stale: Code };
}

const ATTEMPTS = 5;

/** The objects of one kind, as the dashboard's API sees them. The cluster is asked each time: nothing is kept here. */
export class ResourceStore<T extends Stored> {
  readonly #options: ResourceStoreOptions<T>;

  constructor(options: ResourceStoreOptions<T>) {
    this.#options = options;
  }

  async list(namespace: string, labelSelector?: string): Promise<T[]> {
    const { client, resource } = this.#options;
    return (await client.list(resource, namespace, labelSelector)).items.map((object) => this.#viewOf(object));
  }

  /** Undefined where there is none of this name. */
  async find(namespace: string, name: string): Promise<T | undefined> {
    const object = await this.#options.client.read(this.#options.resource, namespace, name);
    return object === undefined ? undefined : this.#viewOf(object);
  }

  /** Fails where there is none of this name. */
  async get(namespace: string, name: string): Promise<T> {
    const found = await this.find(namespace, name);
    if (found !== undefined) return found;
    throw this.#error('notFound', 'Check its name and namespace.');
  }

  /** Fails where there is one of this name. */
  async create(draft: Draft): Promise<T> {
    const { resourceVersion, ...metadata } = draft.metadata;
    try {
      return this.#viewOf(await this.#options.client.create(this.#options.resource, objectOf({ ...draft, metadata })));
    } catch (cause) {
      if (codeOf(cause) !== 'AMP_KUBE_EXISTS') throw cause;
      throw this.#error('exists', 'Choose another name, or update the one that is there.', cause);
    }
  }

  /**
   * Replaces an object by what `change` makes of it. When somebody else was faster, `change` is asked again,
   * unless its draft names a version: then that change is stale.
   */
  async update(namespace: string, name: string, change: (current: T) => Draft | Promise<Draft>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const current = await this.get(namespace, name);
      const draft = await change(current);
      const { resourceVersion } = current.metadata;
      const wanted = draft.metadata.resourceVersion || undefined;
      if (wanted !== undefined && wanted !== resourceVersion) throw this.staleError();
      try {
        const object = objectOf({ ...draft, metadata: { ...draft.metadata, resourceVersion } });
        return this.#viewOf(await this.#options.client.replace(this.#options.resource, object));
      } catch (cause) {
        if (codeOf(cause) !== 'AMP_KUBE_CONFLICT') throw cause;
        if (wanted !== undefined || attempt === ATTEMPTS) throw this.staleError(cause);
        await delay(20 * attempt * Math.random());
      }
    }
  }

  /** One that is not there is as good as removed. */
  remove(namespace: string, name: string): Promise<void> {
    return this.#options.client.remove(this.#options.resource, namespace, name);
  }

  staleError(cause?: unknown): AmpouleError {
    return this.#error('stale', 'Read it again, then repeat the change.', cause);
  }

  #error(kind: 'notFound' | 'exists' | 'stale', fix: string, cause?: unknown): AmpouleError {
    const { codes, texts } = this.#options;
    return platformError(codes[kind], { what: texts[kind], fix, cause });
  }

  #viewOf(object: RawObject): T {
    const { managedFields, ...metadata } = object.metadata ?? {};
    const { spec, status } = object;
    return parse(this.#options.schema, { metadata, spec, status }, `${this.#options.resource.kind} ${keyOf(object)}`);
  }
}

function objectOf({ metadata, spec, status }: Draft): RawObject {
  const { name, namespace, labels, annotations, resourceVersion } = metadata;
  return withoutNulls({ metadata: { name, namespace, labels, annotations, resourceVersion }, spec, status }) as RawObject;
}

/** Null means absent to Nuclio, but not to a schema of Kubernetes. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [name, withoutNulls(item)]));
}

/** An object as it leaves the cluster: without what only this cluster knows. */
export function exportedOf({ metadata, spec }: Stored): { metadata: Record<string, unknown>; spec: Record<string, unknown> } {
  const { name, labels, annotations } = metadata;
  return { metadata: { name, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }, spec };
}

/** Selects objects by one label. @throws AMP_REQUEST_INVALID where no label can have the value */
export function selectorOf(label: string, value: string): string {
  if (/^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(value)) return `${label}=${value}`;
  throw invalidRequest(`Nothing can have ${JSON.stringify(value)} in the label ${label}`);
}

/** Objects by their names, as Nuclio lists them, in the form that `view` gives them. */
export function byName<View>(items: readonly Stored[], view: (item: Stored) => View): Record<string, View> {
  return Object.fromEntries(items.map((item) => [item.metadata.name, view(item)]));
}
