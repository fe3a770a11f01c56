import { gunzipSync } from 'node:zlib';
import type { Host } from './host.ts';

export interface KernelFeature {
  module: string;
  /** The option of the kernel's configuration, without `CONFIG_`. */
  option: string;
  /** The file system that it adds. */
  fileSystem?: string;
  /** A path that exists once it works. */
  path?: string;
}

/**
 * `usable`: built in or loaded. `loadable`: a module on disk. `absent`: the kernel was built without it.
 * `remote`: a module that only the machine around this nested host can load. `unknown`: nothing tells.
 */
export type FeatureState = 'usable' | 'loadable' | 'remote' | 'absent' | 'unknown';

export async function kernelRelease(host: Host): Promise<string> {
  return ((await host.readText('/proc/sys/kernel/osrelease')) ?? '').trim();
}

/** Finds out whether the kernel can do something: first by signs of its use, then by its configuration and modules. */
export async function featureState(host: Host, feature: KernelFeature): Promise<FeatureState> {
  if (await inUse(host, feature)) return 'usable';
  const folder = `/lib/modules/${await kernelRelease(host)}`;
  if (listsModule(await host.readText(`${folder}/modules.builtin`), feature.module)) return 'usable';
  if (listsModule(await host.readText(`${folder}/modules.dep`), feature.module)) return 'loadable';
  const config = await kernelConfig(host);
  if (config === undefined) return 'unknown';
  const value = config.match(new RegExp(`^CONFIG_${feature.option}=([ym])$`, 'm'))?.[1];
  if (value === 'y') return 'usable';
  return value === 'm' ? 'remote' : 'absent';
}

async function inUse(host: Host, { module, fileSystem, path }: KernelFeature): Promise<boolean> {
  if (await host.exists(`/sys/module/${module}`)) return true;
  if (path !== undefined && (await host.exists(path))) return true;
  if (new RegExp(`^${module} `, 'm').test((await host.readText('/proc/modules')) ?? '')) return true;
  if (fileSystem === undefined) return false;
  return new RegExp(`\\t${fileSystem}$`, 'm').test((await host.readText('/proc/filesystems')) ?? '');
}

// Lines read `kernel/net/bridge/bridge.ko.xz: ...`; file names have - where module names have _.
function listsModule(list: string | undefined, module: string): boolean {
  const pattern = module.replaceAll('_', '[-_]');
  return new RegExp(`(^|/)${pattern}\\.ko(\\.(xz|gz|zst))?(:|$)`, 'm').test(list ?? '');
}

async function kernelConfig(host: Host): Promise<string | undefined> {
  const packed = await host.readBytes('/proc/config.gz');
  if (packed !== undefined) return gunzipSync(packed).toString();
  const release = await kernelRelease(host);
  return (await host.readText(`/boot/config-${release}`)) ?? (await host.readText(`/lib/modules/${release}/config`));
}
