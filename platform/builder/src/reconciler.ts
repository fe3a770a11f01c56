import { AmpouleError, codeOf, messageOf } from '@ampoule/lib/errors';
import { annotations } from '@ampoule/platform-api/constants';
import { enrichFunction } from '@ampoule/platform-api/enrich';
import type { FunctionSpec, NuclioFunction } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient, RecursivePartial } from '@ampoule/platform-api/kube/client';
import { type FunctionChange, functionOf, rejectFunction, updateFunction } from '@ampoule/platform-api/kube/functions';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import { recordVersion } from '@ampoule/platform-api/kube/versions';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { validateFunction } from '@ampoule/platform-api/validate';
import { BuildLog, recordOf } from './build-log.ts';
import type { FunctionImages } from './function-images.ts';
import { needsBuild } from './source.ts';

export interface BuilderOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  images: FunctionImages;
  platform: PlatformConfigSource;
  logger: Logger;
}

/** Trying again does not help with these: the function has to be changed. */
const OWNERS_MISTAKES: ReadonlySet<string> = new Set([
  'AMP_BUILD_RUNTIME',
  'AMP_BUILD_SOURCE',
  'AMP_BUILD_ARCHIVE',
  'AMP_BUILD_COMMAND',
  'AMP_BUILD_PACKAGE',
  'AMP_FUNCTION_INVALID',
  'AMP_INPUT_INVALID',
]);

/** Builds functions that are in state building. A build has no memory: a new builder does the same again, to the same image. */
export class BuildReconciler {
  readonly #options: BuilderOptions;

  constructor(options: BuilderOptions) {
    this.#options = options;
  }

  reconcile = async (key: string): Promise<undefined> => {
    const { client, functions } = this.#options;
    const object = functions.get(key);
    if (object === undefined || !isToBeBuilt(object)) return;
    let fn: NuclioFunction;
    try {
      fn = functionOf(object);
    } catch (error) {
      await rejectFunction(client, object, messageOf(error));
      return;
    }
    if (fn.status.state === undefined) {
      const platform = await this.#options.platform.read();
      await updateFunction(client, key, (current) => adoptedChange(current, platform));
      return;
    }
    const { change, failure } = await this.#build(fn);
    await this.#report(key, fn, change);
    if (failure !== undefined) throw failure;
  };

  /** What is to be said of a build; `failure` is set where it is to be tried again. */
  async #build(fn: NuclioFunction): Promise<{ change: FunctionChange; failure?: unknown }> {
    const { client, images, logger } = this.#options;
    const startedAt = performance.now();
    const log = new BuildLog(client, `${fn.metadata.namespace}/${fn.metadata.name}`, logger);
    try {
      const image = needsBuild(fn) ? await images.build(fn, log.add) : fn.spec.image || fn.spec.build?.image || '';
      const change = builtChange(fn, image, { milliseconds: performance.now() - startedAt, records: log.records });
      if (change.status?.state === 'waitingForResourceConfiguration') await recordVersion(client, withChange(fn, change));
      return { change };
    } catch (error) {
      const logs = log.records;
      if (OWNERS_MISTAKES.has(codeOf(error) ?? '')) return { change: { status: { state: 'error', message: withRemedy(error), logs } } };
      return { change: { status: { message: `The build is tried again: ${messageOf(error)}`, logs } }, failure: error };
    } finally {
      await log.close();
    }
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
