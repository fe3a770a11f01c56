import { featureState, type KernelFeature, kernelRelease } from '../../host/kernel.ts';
import { detectTraits } from '../../host/traits.ts';
import { type Check, fail, type Outcome, type PreflightInput, pass, warn } from '../model.ts';

// kube-proxy refuses nftables before it: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/util/kernel/constants.go
const OLDEST = { major: 5, minor: 13 };

const features: (KernelFeature & { use: string })[] = [
  { module: 'overlay', option: 'OVERLAY_FS', fileSystem: 'overlay', use: 'layers of images' },
  { module: 'nf_tables', option: 'NF_TABLES', use: 'rules of Services' },
  { module: 'nf_conntrack', option: 'NF_CONNTRACK', path: '/proc/sys/net/netfilter/nf_conntrack_max', use: 'connections to Services' },
  { module: 'nft_ct', option: 'NFT_CT', use: 'rules by connection' },
  { module: 'nft_chain_nat', option: 'NFT_NAT', use: 'address translation' },
  { module: 'nft_masq', option: 'NFT_MASQ', use: 'source addresses of pods' },
  { module: 'nft_numgen', option: 'NFT_NUMGEN', use: 'choice of an endpoint' },
  { module: 'nft_fib', option: 'NFT_FIB', use: 'node ports' },
  { module: 'nft_reject', option: 'NFT_REJECT', use: 'refusals by Services' },
  { module: 'vxlan', option: 'VXLAN', use: 'network between hosts' },
  { module: 'veth', option: 'VETH', use: 'network of pods' },
  { module: 'bridge', option: 'BRIDGE', use: 'network of pods on a host' },
];

/** The kernel's version and what it can do. */
export const kernelChecks: Check[] = [
  {
    id: 'kernel.version',
    title: 'Kernel version',
    async run({ host }) {
      const release = await kernelRelease(host);
      const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
      const recent = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
      if (recent) return pass(release);
      return fail(
        `${release || 'unknown'}, and ${OLDEST.major}.${OLDEST.minor} or newer is needed`,
        'Upgrade the system: Debian 12, Ubuntu 22.04, RHEL 9 and newer have such a kernel.',
      );
    },
  },
  ...features.map((feature) => ({
    id: `kernel.${feature.module.replaceAll('_', '-')}`,
    title: `Kernel: ${feature.module} (${feature.use})`,
    run: (input: PreflightInput) => checkFeature(input, feature),
  })),
  {
    id: 'kernel.cpu-quota',
    title: 'Kernel: CPU quota (limits of functions)',
    async run({ host }) {
      const state = await featureState(host, {
        module: 'cfs_bandwidth',
        option: 'CFS_BANDWIDTH',
        path: '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
      });
      if (state === 'absent')
        return warn('the kernel has no CFS_BANDWIDTH', 'Use a kernel that has it; without it CPU limits have no effect.');
      return pass(state === 'usable' ? 'there' : 'not denied by the kernel');
    },
  },
];

async function checkFeature({ host }: PreflightInput, { module, option, ...signs }: KernelFeature): Promise<Outcome> {
  const state = await featureState(host, { module, option, ...signs });
  switch (state) {
    case 'usable':
      return pass('built in or in use');
    case 'loadable':
      if ((await detectTraits(host)).modprobe) return pass('a module that can be loaded');
      return warn('a module on disk, but modprobe is not there', `Install the package kmod, or load ${module} at boot.`);
    case 'remote':
      return warn(
        `a module that is not loaded, and this host has no files of modules`,
        `If the install stops at it, run modprobe ${module} on the machine around this nested host.`,
      );
    case 'absent':
      return fail(`the kernel was built without CONFIG_${option}`, 'Boot the standard kernel of this system.');
    case 'unknown':
      return warn('neither the kernel nor its files tell', `If the install stops at it, run modprobe ${module}.`);
  }
}
