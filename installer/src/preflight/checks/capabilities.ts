import type { Host } from '../../host/host.ts';
import { boundingSet, detectTraits, hasCapability } from '../../host/traits.ts';
import { type Check, fail, pass, warn } from '../model.ts';

// https://github.com/torvalds/linux/blob/master/include/uapi/linux/capability.h
const hostCapabilities = { NET_ADMIN: 12, SYS_CHROOT: 18, SYS_PTRACE: 19, SYS_ADMIN: 21 };
// What containerd gives a container that asks for nothing; runc cannot start it when one is missing.
const containerCapabilities = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  MKNOD: 27,
  AUDIT_WRITE: 29,
  SETFCAP: 31,
};
const namespaces = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'];

/** What a nested host may lack. */
export const capabilityChecks: Check[] = [
  { id: 'capabilities.host', title: 'Capabilities of the services', run: ({ host }) => demand(host, hostCapabilities) },
  { id: 'capabilities.containers', title: 'Capabilities of containers', run: ({ host }) => demand(host, containerCapabilities) },
  {
    id: 'capabilities.oom-score',
    title: 'Processes may be shielded from the OOM killer',
    async run({ host }) {
      if ((await detectTraits(host)).canRaiseOomScore) return pass('CAP_SYS_RESOURCE is there');
      return warn(
        'no CAP_SYS_RESOURCE; containerd is set to keep to the score that it may give',
        'Nothing. On a nested host, give it the capability for full protection.',
      );
    },
  },
  {
    id: 'capabilities.namespaces',
    title: 'Namespaces of the kernel',
    async run({ host }) {
      const found = await host.list('/proc/self/ns');
      const missing = namespaces.filter((name) => !found.includes(name));
      return missing.length === 0
        ? pass(namespaces.join(', '))
        : fail(`missing: ${missing.join(', ')}`, 'Use a kernel with CONFIG_NAMESPACES and all of its kinds.');
    },
  },
  {
    id: 'capabilities.mount-propagation',
    title: 'Mounts reach the containers',
    async run({ host }) {
      if ((await detectTraits(host)).rootShared) return pass('/ is shared');
      return warn(
        '/ is private; the install makes it shared',
        'Nothing; on a nested host without systemd, run mount --make-rshared / at boot.',
      );
    },
  },
  {
    id: 'capabilities.conntrack',
    title: 'Connection tracking can be sized',
    async run({ host }) {
      if (!(await host.exists('/proc/sys/net/netfilter/nf_conntrack_max'))) return pass('the module is loaded by its first use');
      if ((await detectTraits(host)).conntrackWritable) return pass('nf_conntrack_max can be set');
      return pass('nf_conntrack_max is read-only; kube-proxy is set to leave it as it is');
    },
  },
];

async function demand(host: Host, wanted: Record<string, number>) {
  const set = await boundingSet(host);
  const missing = Object.keys(wanted).filter((name) => !hasCapability(set, wanted[name] ?? 0));
  if (missing.length === 0) return pass('all are there');
  return fail(
    `missing: ${missing.map((name) => `CAP_${name}`).join(', ')}`,
    'Give these capabilities to the nested host, for example with --capability=all.',
  );
}
