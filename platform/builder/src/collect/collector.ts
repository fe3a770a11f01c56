import type { RegistryClient } from '@ampoule/lib/oci/registry';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import type { Logger } from '@ampoule/platform-api/kube/logger';
import type { PlatformConfigSource } from '@ampoule/platform-api/kube/platform-config';
import type { KeyLocks } from '../key-locks.ts';
import { References } from './references.ts';
import { removeUnused } from './remove.ts';
import { collectedRepositories, type Repository } from './repositories.ts';
import type { StoredImage } from './stored.ts';
import { UnusedImages } from './unused.ts';

export interface CollectorOptions {
  client: KubeClient;
  registry: RegistryClient;
  /** The namespace of the functions whose images are collected. */
  namespace: string;
  platform: PlatformConfigSource;
  /** By repository. A build holds the lock of its function's until the function names the image. */
  locks: KeyLocks;
  logger: Logger;
  /** Milliseconds, by a clock that nobody sets. */
  now?: () => number;
}

const MS_PER_MINUTE = 60_000;

/** Takes out of the registry what no function uses any more, as far as the platform configuration says. */
export class ImageCollector {
  readonly #options: CollectorOptions;
  readonly #unused = new UnusedImages();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Looks through everything once, and gives what it has removed. @throws AMP_KUBE_*, AMP_REGISTRY_*, and the reason of the signal */
  async collect(signal?: AbortSignal): Promise<StoredImage[]> {
    const { client, registry, namespace, platform, locks, logger, now = () => performance.now() } = this.#options;
    const { keep, graceMinutes } = (await platform.read()).imageRetention;
    // What is used is asked after what is there, so that an image can be used and not be there yet, never the other way round.
    const repositories = await collectedRepositories(registry, { namespace, logger, signal });
    const references = new References(client, namespace);
    await references.addObjects();
    for (const key of references.functions) {
      signal?.throwIfAborted();
      await references.addVersions(key);
    }
    const unused = repositories.flatMap((repository) => unusedOf(repository, references, keep));
    const due = this.#unused.look(unused, { now: now(), graceMs: graceMinutes * MS_PER_MINUTE });

    const removed: StoredImage[] = [];
    for (const repository of repositories) {
      const images = repository.images.filter((image) => due.includes(image));
      if (images.length === 0) continue;
      signal?.throwIfAborted();
      // While a function is built its images are left alone until the next time, and a build that comes now waits for a moment.
      const done = await locks.tryRun(repository.name, () => removeUnused(registry, { repository, images, references }));
      if (done === undefined || done.length === 0) continue;
      removed.push(...done);
      logger.info(
        { repository: repository.name, images: done.length, tags: done.flatMap(({ tags }) => tags) },
        'unused images were removed',
      );
    }
    return removed;
  }
}

/** What nothing uses, but for the newest of a function that is there. */
function unusedOf({ functionKey, images }: Repository, references: References, keep: number): StoredImage[] {
  const kept = functionKey !== undefined && references.functions.has(functionKey) ? keep : 0;
  const newestFirst = images.toSorted((a, b) => b.createdAt - a.createdAt);
  return newestFirst.slice(kept).filter((image) => !references.has(image));
}
