import type { Host } from './host.ts';

/** Settings of the running kernel that the appliance needs, written to `paths.sysctl`. The numbers are the least that will do. */
export const neededSysctls = {
  'net.ipv4.ip_forward': 1,
  'fs.inotify.max_user_instances': 1024,
  'fs.inotify.max_user_watches': 65_536,
} as const;

/** Settings that the kubelet writes itself when they differ. https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/kubelet/cm/container_manager_linux.go */
export const kubeletSysctls = {
  'vm.overcommit_memory': 1,
  'vm.panic_on_oom': 0,
  'kernel.panic': 10,
  'kernel.panic_on_oops': 1,
  'kernel.keys.root_maxkeys': 1_000_000,
  'kernel.keys.root_maxbytes': 25_000_000,
} as const;

/** Everything whose earlier value the install notes down and the uninstall puts back. */
export const changedSysctls: readonly string[] = [...Object.keys(neededSysctls), ...Object.keys(kubeletSysctls)];

/** The file of a setting. */
export function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll('.', '/')}`;
}

/** What the install sets: each needed setting at its least value, or as it is where that is more. */
export async function raisedSysctls(host: Host): Promise<Record<string, number>> {
  const entries = Object.entries(neededSysctls).map(async ([name, least]): Promise<[string, number]> => {
    const current = Number((await host.readText(sysctlPath(name)))?.trim());
    return [name, Number.isNaN(current) ? least : Math.max(current, least)];
  });
  return Object.fromEntries(await Promise.all(entries));
}
