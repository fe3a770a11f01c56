import type { NuclioFunction } from '@ampoule/platform-api/function';
import { functionOf } from '@ampoule/platform-api/kube/functions';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import { defaultPlatformConfig, type PlatformConfig } from '@ampoule/platform-api/platform-config';
import { augmented, augmentsOf } from '../objects/augment.ts';

/** Functions as they run and are looked at again and again; each version of one is parsed once. */
export class ParsedFunctions {
  #platform = defaultPlatformConfig;
  #known = new WeakMap<RawObject, { fn: NuclioFunction | undefined }>();

  /** From now on functions are with what this adds to them. */
  use(platform: PlatformConfig): void {
    const addsTheSame = JSON.stringify(platform.functionAugmentedConfigs) === JSON.stringify(this.#platform.functionAugmentedConfigs);
    this.#platform = platform;
    if (!addsTheSame) this.#known = new WeakMap();
  }

  /** Undefined where the function is not valid, which its owner is told elsewhere. */
  of(object: RawObject): NuclioFunction | undefined {
    const known = this.#known.get(object) ?? { fn: this.#parse(object) };
    this.#known.set(object, known);
    return known.fn;
  }

  #parse(object: RawObject): NuclioFunction | undefined {
    try {
      const fn = functionOf(object);
      return augmented(fn, augmentsOf(fn, this.#platform));
    } catch {
      return undefined;
    }
  }
}
