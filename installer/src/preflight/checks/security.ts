import { type Check, fail, pass, warn } from '../model.ts';

const ENTROPY_WANTED = 128;

/** Security modules and the random number generator. */
export const securityChecks: Check[] = [
  {
    id: 'security.selinux',
    title: 'SELinux',
    async run({ host }) {
      const enforcing = (await host.readText('/sys/fs/selinux/enforce'))?.trim();
      if (enforcing === undefined) return pass('not in use');
      if (enforcing === '0') return pass('permissive');
      return warn(
        'enforcing: programs below /opt and data below /var/lib/ampoule have no policy of their own',
        'Run setenforce 0 and set SELINUX=permissive in /etc/selinux/config, or install a policy for containers (container-selinux).',
      );
    },
  },
  {
    id: 'security.apparmor',
    title: 'AppArmor',
    async run({ host }) {
      if ((await host.readText('/sys/module/apparmor/parameters/enabled'))?.trim() !== 'Y') return pass('not in use');
      if ((await host.which('apparmor_parser')) !== undefined) return pass('in use; containerd loads its own profile');
      return warn(
        'in use, but apparmor_parser is not there: containers run without a profile',
        'Install the package apparmor for the profile.',
      );
    },
  },
  {
    id: 'security.seccomp',
    title: 'System call filters',
    async run({ host }) {
      const actions = await host.readText('/proc/sys/kernel/seccomp/actions_avail');
      if (actions !== undefined) return pass('the kernel filters system calls');
      return warn('the kernel has no seccomp', 'Use a kernel with CONFIG_SECCOMP_FILTER; without it containers run unconfined.');
    },
  },
  {
    id: 'security.entropy',
    title: 'Randomness for keys',
    async run({ host }) {
      const available = Number((await host.readText('/proc/sys/kernel/random/entropy_avail')) ?? Number.NaN);
      if (Number.isNaN(available)) return fail('the kernel does not say how much randomness it has', 'Mount /proc.');
      if (available >= ENTROPY_WANTED) return pass(`${available} bits`);
      return warn(`only ${available} bits: making keys may wait`, 'Give the virtual machine a virtio-rng device, or run rngd or haveged.');
    },
  },
];
