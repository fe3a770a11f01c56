import { exec } from '@ampoule/lib/exec';
import { recordHostBefore } from '../../host/host-before.ts';
import { raisedSysctls, sysctlPath } from '../../host/sysctl.ts';
import { paths } from '../../paths.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import type { InstallContext, Step } from '../step.ts';

/** Needed by containerd, flannel and kube-proxy where they are not built into the kernel. */
const MODULES = ['overlay', 'br_netfilter', 'vxlan', 'nf_tables', 'nf_conntrack', 'veth', 'bridge'];

/** Notes down the host as it was, then sets what the kernel must allow. */
export const hostSettings: Step = {
  id: 'host-settings',
  title: 'Host settings',
  writes: [paths.sysctl],
  predictedSeconds: 0.2,
  bytes: async () => 4096,
  check: async (context) => {
    const wanted = await raisedSysctls(context.host);
    const current = await Promise.all(Object.keys(wanted).map(async (name) => Number(await context.host.readText(sysctlPath(name)))));
    const isSet = Object.values(wanted).every((value, index) => current[index] === value);
    return isSet && context.traits.rootShared && (await areWritten([await sysctlFile(context)]));
  },
  apply: async (context) => {
    await recordHostBefore(context.host);
    const values = await raisedSysctls(context.host);
    await writeFiles([await sysctlFile(context)]);
    for (const [name, value] of Object.entries(values)) await context.host.write(sysctlPath(name), `${value}\n`);
    if (context.traits.modprobe) for (const module of MODULES) await context.host.run('modprobe', ['--quiet', module]);
    if (!context.traits.rootShared) await exec('mount', ['--make-rshared', '/']);
  },
};

async function sysctlFile({ host }: InstallContext): Promise<HostFile> {
  const lines = Object.entries(await raisedSysctls(host)).map(([name, value]) => `${name} = ${value}`);
  return { path: paths.sysctl, contents: `${lines.join('\n')}\n`, mode: 0o644 };
}
