import type { KeyObject } from 'node:crypto';
import { packBinding } from '@ampoule/platform-api/binding';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { processorConfigOf } from '../objects/config-map.ts';
import { functionVariablesOf } from '../objects/containers.ts';
import type { WarmPod } from './warm-pods.ts';

/** The signed message that makes a warm pod that of a function: what its own pods find in their mounts and their environment. */
export function bindingMessageOf(
  fn: NuclioFunction,
  { uid, name }: Pick<WarmPod, 'uid' | 'name'>,
  { platform, layers, privateKey }: { platform: PlatformConfig; layers: readonly Buffer[]; privateKey: KeyObject },
): Buffer {
  const own = (fn.spec.env ?? []).map(({ name: variable, value = '' }) => [variable, value]);
  const env = { ...Object.fromEntries(own), ...functionVariablesOf(fn), NUCLIO_FUNCTION_INSTANCE: name };
  const processorConfig = processorConfigOf(fn, { platform });
  return packBinding({ pod: uid, processorConfig, platformConfig: JSON.stringify(platform), env }, layers, privateKey);
}
