import type { Host } from '../../host/host.ts';
import { listInterfaces } from '../../host/network.ts';
import { isAmpouleProcess, listHostProcesses } from '../../host/processes.ts';
import { paths } from '../../paths.ts';
import { type Check, fail, type Outcome, pass, warn } from '../model.ts';
import { hasAmpoule, OWN } from '../ours.ts';

const ownCniFile = '10-ampoule.conflist';
const podInterfaces = /^(cni0|flannel\.|flannel-|cilium_|cali|tunl0$|vxlan\.calico|kube-ipvs0|kube-bridge|weave)/;
const runtimes = /^(dockerd|containerd|crio|cri-dockerd)$/;
const sockets = ['/run/containerd/containerd.sock', '/run/crio/crio.sock', '/run/cri-dockerd.sock', '/run/docker.sock'];

/** What another container runtime or pod network left, or still runs. */
export const runtimeLeftoverChecks: Check[] = [
  {
    id: 'leftovers.cni-config',
    title: `${paths.cniConfig} holds no other network`,
    async run({ host }) {
      const files = (await host.list(paths.cniConfig)).filter((name) => /\.(conf|conflist|json)$/.test(name));
      const foreign = files.filter((name) => name !== ownCniFile);
      if (foreign.length > 0)
        return fail(
          `configuration of others: ${foreign.join(', ')}`,
          `Remove these files from ${paths.cniConfig}; the first by name would win over Ampoule's.`,
        );
      return files.length === 0 ? pass('empty or absent') : ownOr(host, `${ownCniFile} without an Ampoule`, 'Run ampoule uninstall.');
    },
  },
  {
    id: 'leftovers.cni-interfaces',
    title: 'No interfaces of another pod network',
    async run({ host }) {
      const found = (await listInterfaces(host)).filter((name) => podInterfaces.test(name));
      if (found.length === 0) return pass('none');
      const foreign = (await hasAmpoule(host)) ? found.filter((name) => !/^(cni0|flannel\.)/.test(name)) : found;
      if (foreign.length === 0) return pass(`${OWN}: ${found.join(', ')}`);
      return fail(foreign.join(', '), 'Remove each with ip link delete NAME, or reboot once the other network is removed.');
    },
  },
  {
    id: 'leftovers.cni-state',
    title: 'No addresses given out by another pod network',
    async run({ host }) {
      const networks = await host.list('/var/lib/cni/networks');
      return networks.length === 0
        ? pass('none')
        : ownOr(host, `/var/lib/cni/networks holds ${networks.join(', ')}`, 'Remove /var/lib/cni once the other network is removed.', warn);
    },
  },
  {
    id: 'leftovers.runtime-processes',
    title: 'No other container runtime is running',
    async run({ host }) {
      const found = (await listHostProcesses(host)).filter(({ name }) => runtimes.test(name));
      const foreign = (await hasAmpoule(host)) ? found.filter((process) => !isAmpouleProcess(process)) : found;
      if (foreign.length === 0) return pass(found.length === 0 ? 'none' : OWN);
      return fail(
        `running: ${foreign.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`,
        'Stop and remove Docker, containerd or CRI-O: two runtimes on a host take each other for strangers.',
      );
    },
  },
  {
    id: 'leftovers.runtime-sockets',
    title: 'No sockets of another container runtime',
    async run({ host }) {
      const found: string[] = [];
      for (const socket of sockets) if (await host.exists(socket)) found.push(socket);
      if (found.length === 0) return pass('none');
      return warn(
        found.join(', '),
        'Stop the service that listens there; kubeadm stops when it finds two runtimes, unless it is told which to use.',
      );
    },
  },
  {
    id: 'leftovers.container-mounts',
    title: 'No mounts of other containers',
    async run({ host }) {
      const text = (await host.readText('/proc/self/mountinfo')) ?? '';
      const found = [
        ...text.matchAll(/ (\/var\/lib\/kubelet\/pods\/\S+|\/run\/containerd\/io\.containerd\S+|\/run\/netns\/cni-\S+) /g),
      ].map((match) => match[1]);
      return found.length === 0
        ? pass('none')
        : ownOr(host, `${found.length} mounts, among them ${found[0]}`, 'Unmount them, or reboot once the other Kubernetes is removed.');
    },
  },
];

async function ownOr(
  host: Host,
  detail: string,
  fix: string,
  otherwise: (detail: string, fix: string) => Outcome = fail,
): Promise<Outcome> {
  return (await hasAmpoule(host)) ? pass(OWN) : otherwise(detail, fix);
}
