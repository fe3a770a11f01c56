import { setTimeout as delay } from 'node:timers/promises';
import { codeOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { type FunctionSpec, type FunctionStatus, type NuclioFunction, nuclioFunctionSchema } from '../function.ts';
import type { KubeClient, RecursivePartial } from './client.ts';
import { keyOf, type RawObject, resources, splitKey } from './resources.ts';

export interface FunctionChange {
  labels?: Record<string, string>;
  spec?: RecursivePartial<FunctionSpec>;
  status?: RecursivePartial<FunctionStatus>;
}

const ATTEMPTS = 5;

/** Parses a function of the cluster. @throws AMP_INPUT_INVALID with every mistake */
export function functionOf(object: RawObject): NuclioFunction {
  return parse(nuclioFunctionSchema, object, `NuclioFunction ${keyOf(object)}`);
}

/**
 * Changes a function as it is now: `change` sees the newest version and gives the fields to change, or undefined for none.
 * When somebody else was faster it is asked again. Undefined where the function is gone.
 * @throws AMP_KUBE_CONFLICT after some attempts
 */
export async function updateFunction(
  client: KubeClient,
  key: string,
  change: (current: NuclioFunction) => FunctionChange | undefined,
): Promise<NuclioFunction | undefined> {
  const { namespace, name } = splitKey(key);
  for (let attempt = 1; ; attempt++) {
    const object = await client.read(resources.functions, namespace, name);
    if (object === undefined) return undefined;
    const current = functionOf(object);
    const changed = change(current);
    if (changed === undefined) return current;
    const { labels, ...fields } = changed;
    const { resourceVersion } = current.metadata;
    try {
      const patch = { metadata: { namespace, name, resourceVersion, ...(labels === undefined ? {} : { labels }) }, ...fields };
      return functionOf(await client.patch<RawObject>(resources.functions, patch as RecursivePartial<RawObject>));
    } catch (error) {
      if (codeOf(error) !== 'AMP_KUBE_CONFLICT' || attempt === ATTEMPTS) throw error;
      await delay(20 * attempt * Math.random());
    }
  }
}

/** Marks a function whose object cannot even be parsed, so that its owner sees why nothing happens. */
export async function rejectFunction(client: KubeClient, object: RawObject, message: string): Promise<void> {
  const { namespace = '', name = '', resourceVersion } = object.metadata ?? {};
  const metadata = { namespace, name, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  await client.patch<RawObject>(resources.functions, { metadata, status: { state: 'error', message } } as RecursivePartial<RawObject>);
}
