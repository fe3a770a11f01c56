import { detectTraits } from '../../host/traits.ts';
import { type Check, fail, pass, warn } from '../model.ts';

// https://github.com/kubernetes/system-validators/blob/master/validators/types_unix.go; version 2 has devices and freezer without a controller.
const needed = { 1: ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'pids'], 2: ['cpu', 'cpuset', 'memory', 'pids'] } as const;

/** Control groups, which hold each container to its share. */
export const cgroupChecks: Check[] = [
  {
    id: 'cgroups.version',
    title: 'Version of control groups',
    async run({ host }) {
      const { cgroupVersion, cgroupDriver } = await detectTraits(host);
      if (cgroupVersion === 2) return pass(`version 2, driver ${cgroupDriver}`);
      return warn(
        `version 1, driver ${cgroupDriver}; the kubelet is set to accept it`,
        'Nothing now. Boot with systemd.unified_cgroup_hierarchy=1 where you can: Kubernetes will drop version 1.',
      );
    },
  },
  {
    id: 'cgroups.controllers',
    title: 'Controllers of control groups',
    async run({ host }) {
      const { cgroupVersion, cgroupControllers } = await detectTraits(host);
      const missing = needed[cgroupVersion].filter((controller) => !cgroupControllers.includes(controller));
      if (missing.length === 0) return pass(needed[cgroupVersion].join(', '));
      return fail(
        `missing: ${missing.join(', ')}`,
        'Enable them: remove cgroup_disable= from the kernel command line (on Raspberry Pi add cgroup_enable=memory), and delegate them to this host if it is nested.',
      );
    },
  },
  {
    id: 'cgroups.writable',
    title: 'Control groups can be made',
    async run({ host }) {
      if ((await detectTraits(host)).cgroupWritable) return pass('mounted for writing');
      return warn(
        'mounted read-only; the install remounts them for writing',
        'Nothing, unless the remount fails: then delegate control groups to this nested host.',
      );
    },
  },
];
