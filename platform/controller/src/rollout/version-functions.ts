import { codeOf } from '@ampoule/lib/errors';
import { versionFunctionNameOf, versionLabels } from '@ampoule/platform-api/alias';
import { annotations, labels } from '@ampoule/platform-api/constants';
import { type FunctionStatus, functionStatusSchema } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { keyOf, type RawObject, resources, splitKey } from '@ampoule/platform-api/kube/resources';
import { listVersions } from '@ampoule/platform-api/kube/versions';
import type { FunctionVersion } from '@ampoule/platform-api/versions';
import { versionFunctionOf } from './version-function.ts';

/** How a version stands; `missing` tells why there can be no function that runs it. */
export type VersionState = { status: FunctionStatus } | { missing: { reason: string; message: string } };

/** A version that no alias names any more may get calls for a moment, or be gone back to. */
const UNUSED_MS = 60_000;

/** The functions that run versions of others: made when an alias needs them, removed when none does. */
export class VersionFunctions {
  readonly #client: KubeClient;
  readonly #functions: Cache<RawObject>;
  readonly #unusedMs: number;
  /** By key, since when nobody needs it. */
  readonly #unusedSince = new Map<string, number>();

  constructor({ client, functions, unusedMs = UNUSED_MS }: { client: KubeClient; functions: Cache<RawObject>; unusedMs?: number }) {
    this.#client = client;
    this.#functions = functions;
    this.#unusedMs = unusedMs;
  }

  /** Sees to it that there is the function that runs a version. */
  async ensure(namespace: string, name: string, version: number): Promise<VersionState> {
    const head = this.#functions.get(`${namespace}/${name}`);
    const found = this.#functions.get(`${namespace}/${versionFunctionNameOf(name, version)}`);
    const isOutlived = found !== undefined && isOfAnother(found, head);
    if (found !== undefined && !isOutlived) return stateOf(found, name, version);
    const kept = (await listVersions(this.#client, namespace, name, head?.metadata?.uid)).find((each) => each.version === version);
    if (kept === undefined) {
      return { missing: { reason: 'VersionNotFound', message: `Version ${version} of function ${name} is not kept any more` } };
    }
    // The next look makes it, once the cache has seen that this one is gone.
    if (isOutlived) await this.#client.remove(resources.functions, namespace, versionFunctionNameOf(name, version));
    else await this.#create({ namespace, name, head }, kept);
    return { status: { state: 'waitingForResourceConfiguration' } };
  }

  async #create({ namespace, name, head }: { namespace: string; name: string; head: RawObject | undefined }, kept: FunctionVersion) {
    const { labels: own, annotations: all, uid } = head?.metadata ?? {};
    const marks = { ...only(own, labels.project), ...(uid === undefined ? {} : { [versionLabels.uid]: uid }) };
    // References of a version are to the values of then. Versions that name no Secret are older than that.
    const secret = only({ ...all, ...(kept.secret === undefined ? {} : { [annotations.secret]: kept.secret }) }, annotations.secret);
    try {
      await this.#client.create(resources.functions, versionFunctionOf({ namespace, name, labels: marks, annotations: secret }, kept));
    } catch (error) {
      // The cache has not seen it yet.
      if (codeOf(error) !== 'AMP_KUBE_EXISTS') throw error;
    }
  }

  /** Removes those that nobody has needed for a while; `needed` are names of functions by their keys. */
  async removeUnused(needed: ReadonlySet<string>): Promise<void> {
    const keys = this.#functions
      .list()
      .filter(({ metadata }) => metadata?.labels?.[versionLabels.of] !== undefined)
      .map(keyOf);
    const unused = new Set(keys.filter((key) => !needed.has(key)));
    for (const key of this.#unusedSince.keys()) if (!unused.has(key)) this.#unusedSince.delete(key);
    for (const key of unused) {
      const since = this.#unusedSince.get(key) ?? performance.now();
      this.#unusedSince.set(key, since);
      const { namespace, name } = splitKey(key);
      if (performance.now() - since >= this.#unusedMs) await this.#client.remove(resources.functions, namespace, name);
    }
  }
}

function stateOf({ metadata, status }: RawObject, name: string, version: number): VersionState {
  const { [versionLabels.of]: of, [versionLabels.number]: number } = metadata?.labels ?? {};
  if (of !== name || number !== String(version)) {
    return { missing: { reason: 'NameTaken', message: `Function ${metadata?.name} is there already, and is no version of ${name}` } };
  }
  return { status: functionStatusSchema.parse(status ?? {}) };
}

/** Whether a function runs a version of one that had the name of the head before. */
function isOfAnother({ metadata }: RawObject, head: RawObject | undefined): boolean {
  const uid = metadata?.labels?.[versionLabels.uid];
  return uid !== undefined && head !== undefined && head.metadata?.uid !== uid;
}

function only(all: Record<string, string> | undefined, name: string): Record<string, string> {
  const value = all?.[name];
  return value === undefined ? {} : { [name]: value };
}
