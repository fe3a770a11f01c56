import { messageOf } from '@ampoule/lib/errors';
import { exec } from '@ampoule/lib/exec';
import { recordHostBefore, sharedDirectories } from '../../host/host-before.ts';
import { raisedSysctls, sysctlPath } from '../../host/sysctl.ts';
import { paths } from '../../paths.ts';
import { removeFile } from '../../uninstall/files.ts';
import type { UndoContext } from '../../uninstall/model.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import type { InstallContext, Step } from '../step.ts';

/** Needed by containerd, flannel and kube-proxy where they are not built into the kernel. */
const MODULES = ['overlay', 'br_netfilter', 'vxlan', 'nf_tables', 'nf_conntrack', 'veth', 'bridge'];

type Context = Pick<InstallContext, 'host' | 'traits'>;

/** Notes down the host as it was, then sets what the kernel must allow, now and after each boot. */
export const hostSettings: Step = {
  id: 'host-settings',
  title: 'Host settings',
  writes: [paths.sysctl, paths.modules],
  predictedSeconds: 0.1,
  bytes: async () => 4096,
  check: async (context) =>
    context.traits.rootShared && (await unsetSysctls(context)).length === 0 && (await areWritten(await files(context))),
  apply: async (context) => {
    await recordHostBefore(context.host);
    await writeFiles(await files(context));
    // Those that are right already may lie where nothing can be written.
    for (const [name, value] of await unsetSysctls(context)) await context.host.write(sysctlPath(name), `${value}\n`);
    for (const module of await loadableModules(context)) await context.host.run('modprobe', ['--quiet', module]);
    if (!context.traits.rootShared) await exec('mount', ['--make-rshared', '/']);
  },
  undo: async (context) => {
    for (const file of [paths.sysctl, paths.modules]) await removeFile(context, file);
    await restoreSysctls(context);
    await removeCreatedDirectories(context);
  },
};

/** Gives each setting the value that it had. */
async function restoreSysctls({ host, before, removed, problem }: UndoContext): Promise<void> {
  for (const [name, value] of Object.entries(before.sysctl)) {
    const path = sysctlPath(name);
    const current = (await host.readText(path))?.trim();
    if (current === undefined || current === value) continue;
    try {
      await host.write(path, value);
      removed('setting', `${name}=${current}`);
    } catch (error) {
      problem(`${name} cannot be set back to ${value}: ${messageOf(error)}`);
    }
  }
}

/** Removes the directories that the install had to make and that are empty again. */
async function removeCreatedDirectories({ host, before, owned, removed }: UndoContext): Promise<void> {
  if (!owned) return;
  // Inner folders come after outer ones in the list.
  for (const folder of sharedDirectories.toReversed()) {
    if (before.createdDirectories.includes(folder) && (await host.removeDirectory(folder))) removed('file', folder);
  }
}

async function unsetSysctls({ host }: Context): Promise<[name: string, value: number][]> {
  const wanted = Object.entries(await raisedSysctls(host));
  const current = await Promise.all(wanted.map(async ([name]) => Number(await host.readText(sysctlPath(name)))));
  return wanted.filter(([, value], index) => current[index] !== value);
}

/** systemd counts a boot as degraded when a module of its list does not exist. */
async function loadableModules({ host, traits }: Context): Promise<string[]> {
  if (!traits.modprobe) return [];
  const found = await Promise.all(MODULES.map(async (name) => (await host.run('modprobe', ['--quiet', '--dry-run', name])).code === 0));
  return MODULES.filter((_, index) => found[index]);
}

async function files(context: Context): Promise<HostFile[]> {
  const { host } = context;
  const sysctls = Object.entries(await raisedSysctls(host)).map(([name, value]) => `${name} = ${value}`);
  const modules = await loadableModules(context);
  return [
    { path: host.at(paths.sysctl), contents: `${sysctls.join('\n')}\n`, mode: 0o644 },
    ...(modules.length === 0 ? [] : [{ path: host.at(paths.modules), contents: `${modules.join('\n')}\n`, mode: 0o644 }]),
  ];
}
