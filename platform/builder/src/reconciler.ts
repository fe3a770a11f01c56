import { AmpouleError, codeOf, messageOf } from '@ampoule/lib/errors';
import { annotations } from '@ampoule/platform-api/constants';
import { enrichFunction } from '@ampoule/platform-api/enrich';
import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient, RecursivePartial } from '@ampoule/platform-api/kube/client';
import { withBuildSecrets } from '@ampoule/platform-api/kube/function-secrets';
import { type FunctionChange, functionOf, rejectFunction, updateFunction } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import { type RawObject, resources, splitKey } from '@ampoule/platform-api/kube/resources';
import { recordVersion } from '@ampoule/platform-api/kube/versions';
import { imageRepositoryOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { validateFunction } from '@ampoule/platform-api/validate';
import { BuildLog, recordOf } from './build-log.ts';
import type { FunctionImages } from './function-images.ts';
import type { KeyLocks } from './key-locks.ts';
import { needsBuild } from './source.ts';

export interface BuilderOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  images: FunctionImages;
  platform: PlatformConfigSource;
  /** By repository: what lies there is not collected while a function is built. */
  locks: KeyLocks;
  logger: Logger;
}

/** Trying again does not help with these: the function has to be changed. */
const OWNERS_MISTAKES: ReadonlySet<string> = new Set([
  'AMP_BUILD_RUNTIME',
  'AMP_BUILD_SOURCE',
  'AMP_BUILD_ARCHIVE',
  'AMP_BUILD_GIT',
  'AMP_BUILD_COMMAND',
  'AMP_BUILD_PACKAGE',
  'AMP_FUNCTION_INVALID',
  'AMP_INPUT_INVALID',
  'AMP_SECRET_MISSING',
]);

/** How often something that does not lie with the function may fail in a row, before its owner is told that it does not work. */
const MAX_FAILURES = 6;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** Whether a build is still wanted is looked at this often. */
const RECHECK_MS = 1000;

/** Builds functions that are in state building. A build has no memory: a new builder does the same again, to the same image. */
export class BuildReconciler {
  readonly #options: BuilderOptions;
  readonly #stop = new AbortController();
  /** By key: how often in a row a build of it had to be tried again, and when it may be. */
  readonly #failures = new Map<string, { count: number; notBefore: number }>();

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  /** Ends what is being built; whoever builds next begins it anew. */
  stop(): void {
    this.#stop.abort(new Error('the builder stops'));
  }

  reconcile = async (key: string): Promise<{ requeueAfterMs: number } | undefined> => {
    const { client, functions } = this.#options;
    const cached = functions.get(key);
    if (cached === undefined || !isToBeBuilt(cached)) {
      this.#failures.delete(key);
      return undefined;
    }
    const waitMs = (this.#failures.get(key)?.notBefore ?? 0) - performance.now();
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    // What was just built may not have come by the watch yet, and is not to be built again.
    const { namespace, name } = splitKey(key);
    const object = await client.read(resources.functions, namespace, name);
    if (object === undefined || !isToBeBuilt(object)) return undefined;
    let fn: NuclioFunction;
    try {
      fn = functionOf(object);
    } catch (error) {
      await rejectFunction(client, object, messageOf(error));
      return undefined;
    }
    if (fn.status.state === undefined) {
      const platform = await this.#options.platform.read();
      await updateFunction(client, key, (current) => adoptedChange(current, platform));
      return undefined;
    }
    // An image that is there already may be used again, and must not go before the function names it.
    await this.#options.locks.run(imageRepositoryOf(namespace, name), async () => {
      const change = await this.#build(key, fn, JSON.stringify(object.spec));
      if (change !== undefined) await this.#report(key, fn, change);
    });
    const failed = this.#failures.get(key);
    return failed === undefined ? undefined : { requeueAfterMs: Math.max(failed.notBefore - performance.now(), 1) };
  };

  /** What is to be said of a build; undefined where nobody wants to know any more. */
  async #build(key: string, fn: NuclioFunction, spec: string): Promise<FunctionChange | undefined> {
    const { client, images, logger } = this.#options;
    const startedAt = performance.now();
    const log = new BuildLog(client, key, logger);
    const unwanted = new AbortController();
    const recheck = setInterval(() => this.#isWanted(key, spec) || unwanted.abort(new Error('the function was changed')), RECHECK_MS);
    const signal = AbortSignal.any([unwanted.signal, this.#stop.signal]);
    try {
      const given = fn.spec.image || fn.spec.build?.image || '';
      const image = needsBuild(fn) ? await images.build(await withBuildSecrets(client, fn), { log: log.add, signal }) : given;
      const change = builtChange(fn, image, { milliseconds: performance.now() - startedAt, records: log.records });
      if (change.status?.state === 'waitingForResourceConfiguration') await recordVersion(client, withChange(fn, change));
      this.#failures.delete(key);
      return change;
    } catch (error) {
      if (signal.aborted) {
        logger.info({ key, reason: messageOf(signal.reason) }, 'a build was broken off');
        return undefined;
      }
      return { status: { ...this.#failureOf(key, error), logs: log.records } };
    } finally {
      clearInterval(recheck);
      await log.close();
    }
  }

  #failureOf(key: string, error: unknown): NonNullable<FunctionChange['status']> {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    // Of what does not come from the commands of the build, such as a registry that is away, nobody knows how long it lasts.
    const isFinal = OWNERS_MISTAKES.has(codeOf(error) ?? '') || (codeOf(error) === 'AMP_BUILD_POD' && count >= MAX_FAILURES);
    if (isFinal) {
      this.#failures.delete(key);
      return { state: 'error', message: withRemedy(error) };
    }
    const retryMs = Math.min(FIRST_RETRY_MS * 2 ** count, LONGEST_RETRY_MS);
    this.#failures.set(key, { count, notBefore: performance.now() + retryMs });
    this.#options.logger.warn({ key, reason: messageOf(error), retryMs }, 'a build is tried again');
    return { message: `The build is tried again: ${messageOf(error)}` };
  }

  /** Whether a function is as it was when its build began; `spec` is what it had then, as the API server wrote it. */
  #isWanted(key: string, spec: string): boolean {
    const object = this.#options.functions.get(key);
    return object !== undefined && isToBeBuilt(object) && JSON.stringify(object.spec) === spec;
  }

  async #report(key: string, seen: NuclioFunction, change: FunctionChange): Promise<void> {
    const { client, logger } = this.#options;
    await updateFunction(client, key, ({ spec, status }) => {
      // A change while it was built makes this build worthless; the change brings the key here again.
      const isCurrent = status.state === seen.status.state && JSON.stringify(spec) === JSON.stringify(seen.spec);
      const isNews = change.spec !== undefined || status.message !== change.status?.message;
      return isCurrent && isNews ? change : undefined;
    });
    logger.info({ key, image: change.spec?.image, state: change.status?.state, reason: change.status?.message }, 'build ended');
  }
}

/** The owner reads it in the function's status, and nowhere else. */
function withRemedy(error: unknown): string {
  return error instanceof AmpouleError ? `${messageOf(error).replace(/\.?$/, '.')} ${error.fix}` : messageOf(error);
}

/** A function as it will be. */
function withChange(fn: NuclioFunction, { spec }: FunctionChange): NuclioFunction {
  return { ...fn, spec: { ...fn.spec, ...(spec as FunctionSpec), build: { ...fn.spec.build, ...(spec as FunctionSpec).build } } };
}

function isToBeBuilt({ status }: RawObject): boolean {
  const state = (status as { state?: string } | undefined)?.state;
  return state === undefined || state === 'building';
}

/** Functions that come by kubectl have no state: they get what the dashboard would have filled in, and are built after that. */
function adoptedChange({ metadata, spec, status }: NuclioFunction, platform: PlatformConfig): FunctionChange | undefined {
  if (status.state !== undefined) return undefined;
  const enriched = enrichFunction({ metadata, spec }, metadata.namespace, platform);
  try {
    validateFunction(enriched);
  } catch (error) {
    return { status: { state: 'error', message: messageOf(error) } };
  }
  return { labels: enriched.metadata.labels ?? {}, spec: enriched.spec as RecursivePartial<FunctionSpec>, status: { state: 'building' } };
}

function builtChange(
  fn: NuclioFunction,
  image: string,
  { milliseconds, records }: { milliseconds: number; records: BuildLog['records'] },
): FunctionChange {
  const isHeld = fn.metadata.annotations?.[annotations.skipDeploy] === 'true';
  if (image === '' && !isHeld) {
    return {
      status: {
        state: 'error',
        message:
          'Function must have either spec.build.path,spec.build.functionSourceCode, spec.build.image or spec.image set in order to create',
      },
    };
  }
  const time = Date.now();
  const text = needsBuild(fn) ? `Image ${image} was built in ${Math.round(milliseconds)} ms` : `Image ${image} is used as it is`;
  return {
    spec: { ...(image === '' ? {} : { image }), build: { timestamp: Math.floor(time / 1000), mode: '' } },
    status: {
      state: isHeld ? 'imported' : 'waitingForResourceConfiguration',
      message: '',
      logs: [...records, recordOf(text)],
    },
  };
}
