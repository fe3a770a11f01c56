import type { RegistryClient } from '@ampoule/lib/oci/registry';
import { type Descriptor, mediaTypes } from '@ampoule/lib/oci/types';
import { splitImage } from '@ampoule/platform-api/names';
import { LRUCache } from 'lru-cache';
import type { WarmRuntime } from './warm-pods.ts';

/** Larger code takes longer on its way than a pod takes to start. */
const MAX_CODE_BYTES = 8 * 1024 * 1024;
const MAX_KEPT_BYTES = 48 * 1024 * 1024;
/** Of the builder's making: its tags are made of the content, so what was read of one stays right. */
const BUILT = /^ampoule\.internal\/functions\/[^/]+\/[^/]+:[0-9a-f]{16}$/;
/** What an entry takes beside its code. */
const ENTRY_BYTES = 1024;

/** The code of functions, as the private registry has it. */
export class FunctionCode {
  readonly #registry: RegistryClient;
  readonly #runtimeImages: Record<WarmRuntime, string>;
  readonly #kept: LRUCache<string, readonly Buffer[], WarmRuntime>;

  constructor(registry: RegistryClient, runtimeImages: Record<WarmRuntime, string>) {
    this.#registry = registry;
    this.#runtimeImages = runtimeImages;
    this.#kept = new LRUCache({
      maxSize: MAX_KEPT_BYTES,
      sizeCalculation: (layers) => layers.reduce((sum, { length }) => sum + length, ENTRY_BYTES),
      // What is not there is not kept: it may come.
      fetchMethod: (image, _before, { context: runtime }) => this.#read(image, runtime),
    });
  }

  /**
   * The layers of an image above that of the runtime; undefined where it stands on something else, or has too much of them.
   * @throws AMP_REGISTRY_UNREACHABLE, AMP_REGISTRY_REFUSED
   */
  async layersOf(image: string, runtime: WarmRuntime): Promise<readonly Buffer[] | undefined> {
    return BUILT.test(image) ? this.#kept.fetch(image, { context: runtime }) : undefined;
  }

  async #read(image: string, runtime: WarmRuntime): Promise<readonly Buffer[] | undefined> {
    const [own, below] = await Promise.all([this.#layers(image), this.#layers(this.#runtimeImages[runtime])]);
    const above = own.slice(below.length);
    const isOnRuntime = below.length > 0 && above.length > 0 && below.every(({ digest }, at) => own[at]?.digest === digest);
    if (!isOnRuntime || above.some(({ mediaType }) => mediaType !== mediaTypes.layerGzip)) return undefined;
    if (above.reduce((sum, { size }) => sum + size, 0) > MAX_CODE_BYTES) return undefined;
    const { repository } = splitImage(image);
    return Promise.all(above.map(({ digest }) => this.#registry.getBlob(repository, digest)));
  }

  async #layers(image: string): Promise<readonly Descriptor[]> {
    const { repository, tag } = splitImage(image);
    return (await this.#registry.getManifest(repository, tag))?.manifest.layers ?? [];
  }
}
