import type { NuclioFunction } from '@ampoule/platform-api/function';
import { functionOf } from '@ampoule/platform-api/kube/functions';
import type { RawObject } from '@ampoule/platform-api/kube/resources';

/** Functions as they are looked at again and again; each version of one is parsed once. */
export class ParsedFunctions {
  readonly #known = new WeakMap<RawObject, { fn: NuclioFunction | undefined }>();

  /** Undefined where the function is not valid, which its owner is told elsewhere. */
  of(object: RawObject): NuclioFunction | undefined {
    const known = this.#known.get(object) ?? { fn: parsed(object) };
    this.#known.set(object, known);
    return known.fn;
  }
}

function parsed(object: RawObject): NuclioFunction | undefined {
  try {
    return functionOf(object);
  } catch {
    return undefined;
  }
}
