import { paths, platformConfigMap } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { V1Volume, V1VolumeMount } from '@ampoule/platform-api/kube/types';
import { mountedSecretOf } from '@ampoule/platform-api/mask';
import { functionSecret } from '@ampoule/platform-api/mask-secret';
import { objectNameOf } from '@ampoule/platform-api/names';

const PROCESSOR = 'processor-config-volume';
const PLATFORM = 'platform-config-volume';
const TEMPORARY = 'tmp';
const SECRET = 'function-secret';

/** The volumes of a function's pod, each once: one volume may have several mounts. */
export function volumesOf(fn: NuclioFunction): V1Volume[] {
  const secretName = mountedSecretOf(fn);
  const { key } = functionSecret;
  const own = ownVolumesOf(fn).flatMap(({ volume }) => (volume === undefined ? [] : [volume]));
  return [
    { name: PROCESSOR, configMap: { name: objectNameOf(fn.metadata.name) } },
    { name: PLATFORM, configMap: { name: platformConfigMap.name, optional: true } },
    { name: TEMPORARY, emptyDir: {} },
    ...(secretName === undefined ? [] : [{ name: SECRET, secret: { secretName, items: [{ key, path: key }] } }]),
    ...new Map(own.map((volume) => [volume.name, volume])).values(),
  ];
}

/** Their mounts, the same in all containers of the pod. */
export function volumeMountsOf(fn: NuclioFunction): V1VolumeMount[] {
  const own = ownVolumesOf(fn).flatMap(({ volumeMount }) => (volumeMount === undefined ? [] : [volumeMount]));
  const isOwnTemporary = own.some(({ mountPath }) => mountPath === '/tmp');
  return [
    { name: PROCESSOR, mountPath: paths.processorConfig, readOnly: true },
    { name: PLATFORM, mountPath: paths.platformConfig, readOnly: true },
    ...(mountedSecretOf(fn) === undefined ? [] : [{ name: SECRET, mountPath: functionSecret.folder, readOnly: true }]),
    ...(isOwnTemporary ? [] : [{ name: TEMPORARY, mountPath: '/tmp' }]),
    ...own,
  ];
}

/** Folders of the host are left out, as in Nuclio: pods of functions see nothing of their node. */
function ownVolumesOf({ spec }: NuclioFunction): { volume?: V1Volume; volumeMount?: V1VolumeMount }[] {
  const pairs = (spec.volumes ?? []) as unknown as { volume?: V1Volume; volumeMount?: V1VolumeMount }[];
  return pairs.filter(({ volume }) => !volume?.hostPath);
}
