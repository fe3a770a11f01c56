import { parseJson } from '@ampoule/lib/parse';
import { type FunctionConfig, functionConfigSchema, type Trigger } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import { splitKey } from '@ampoule/platform-api/kube/resources';
import type { V1ConfigMap } from '@ampoule/platform-api/kube/types';
import { objectNameOf } from '@ampoule/platform-api/names';

/** The triggers of a function that take their events from brokers, by their names, as its processor has them. */
export interface Streams {
  metadata: FunctionConfig['metadata'];
  triggers: Record<string, Trigger>;
}

/** What does not come from a broker. Where cron triggers are the processor's own, the controller lets no function sleep that has them. */
const OTHERS: ReadonlySet<string> = new Set(['http', 'cron']);

/** Knows the streams of functions, from what the controller has written for their processors: the platform may have added to the functions. */
export class StreamsOfFunctions {
  readonly #configMaps: Cache<V1ConfigMap>;
  readonly #known = new WeakMap<V1ConfigMap, Streams>();

  constructor(configMaps: Cache<V1ConfigMap>) {
    this.#configMaps = configMaps;
  }

  /** The same object as long as nothing changes; undefined where the function has no configuration. @throws AMP_INPUT_INVALID */
  of(key: string): Streams | undefined {
    const { namespace, name } = splitKey(key);
    const configMap = this.#configMaps.get(`${namespace}/${objectNameOf(name)}`);
    if (configMap === undefined) return undefined;
    const streams = this.#known.get(configMap) ?? parsed(key, configMap);
    this.#known.set(configMap, streams);
    return streams;
  }
}

function parsed(key: string, { data }: V1ConfigMap): Streams {
  const { metadata, spec } = parseJson(functionConfigSchema, data?.['processor.yaml'] ?? '', `The configuration of function ${key}`);
  const streams = Object.entries(spec.triggers ?? {}).filter(([, { kind, disabled }]) => disabled !== true && !OTHERS.has(kind));
  return { metadata, triggers: Object.fromEntries(streams) };
}
