import type { Host } from '../../host/host.ts';
import { isAmpouleProcess, listHostProcesses } from '../../host/processes.ts';
import { paths, units } from '../../paths.ts';
import { type Check, fail, type Outcome, pass, warn } from '../model.ts';
import { hasAmpoule, OWN } from '../ours.ts';

// The kernel keeps 15 characters of a name.
const programs = /^(kubelet|kube-.*|etcd|k3s.*|rke2.*|k0s|microk8s.*|kubelite|flanneld|calico-node|cilium-agent|kindnetd)$/;
const distributions = {
  k3s: '/var/lib/rancher/k3s',
  RKE2: '/var/lib/rancher/rke2',
  k0s: '/var/lib/k0s',
  MicroK8s: '/var/snap/microk8s',
  'Embedded Cluster': '/var/lib/embedded-cluster',
};
const reset = 'Reset it (kubeadm reset, or the uninstall script of its distribution)';

/** What another Kubernetes left, or still runs. */
export const leftoverChecks: Check[] = [
  {
    id: 'leftovers.processes',
    title: 'No other Kubernetes is running',
    async run({ host }) {
      const found = (await listHostProcesses(host)).filter(({ name }) => programs.test(name));
      const foreign = (await hasAmpoule(host)) ? found.filter((process) => !isAmpouleProcess(process)) : found;
      if (foreign.length > 0)
        return fail(`running: ${foreign.map(({ name, pid }) => `${name} (process ${pid})`).join(', ')}`, `${reset}, or use another host.`);
      return pass(found.length === 0 ? 'none' : OWN);
    },
  },
  {
    id: 'leftovers.distributions',
    title: 'No data of another Kubernetes distribution',
    async run({ host }) {
      const found: string[] = [];
      for (const [name, folder] of Object.entries(distributions))
        if ((await host.list(folder)).length > 0) found.push(`${name} in ${folder}`);
      return found.length === 0 ? pass('none') : warn(found.join(', '), `${reset} if it is not in use any more.`);
    },
  },
  {
    id: 'leftovers.kubernetes-files',
    title: `${paths.kubernetes} is empty`,
    run: ({ host }) => emptyFolder(host, paths.kubernetes, ['manifests']),
  },
  { id: 'leftovers.etcd-data', title: `${paths.etcd} is empty`, run: ({ host }) => emptyFolder(host, paths.etcd) },
  {
    id: 'leftovers.kubelet-data',
    title: `${paths.kubelet} is empty`,
    run: ({ host }) => emptyFolder(host, paths.kubelet, ['device-plugins', 'plugins', 'pods']),
  },
  {
    id: 'leftovers.units',
    title: "No units of others under Ampoule's names",
    async run({ host }) {
      const found: string[] = [];
      for (const unit of units) {
        for (const folder of [paths.units, '/usr/lib/systemd/system', '/usr/local/lib/systemd/system', '/run/systemd/system']) {
          const text = await host.readText(`${folder}/${unit}`);
          if (text !== undefined && !text.includes(paths.programs)) found.push(`${folder}/${unit}`);
        }
      }
      if (found.length === 0) return pass('none');
      return fail(found.join(', '), 'Remove the packages or files that brought these units, then run systemctl daemon-reload.');
    },
  },
  {
    id: 'leftovers.ampoule',
    title: 'No remains of an earlier Ampoule',
    async run({ host }) {
      if (await hasAmpoule(host)) return pass('an install has begun here; it will be gone on with');
      const found: string[] = [];
      for (const folder of [paths.config, paths.registryData, paths.containerdData, paths.pki])
        if ((await host.list(folder)).length > 0) found.push(folder);
      return found.length === 0
        ? pass('none')
        : fail(
            `${found.join(', ')} without a journal`,
            'Run ampoule uninstall to clear them, or move them away if they hold something that you need.',
          );
    },
  },
];

/** Passes for a folder that holds nothing but the folders named, themselves empty: some systems' packages make such. */
async function emptyFolder(host: Host, folder: string, mayBeEmpty: readonly string[] = []): Promise<Outcome> {
  const names = await host.list(folder);
  const filled: string[] = [];
  for (const name of names) if (!mayBeEmpty.includes(name) || (await host.list(`${folder}/${name}`)).length > 0) filled.push(name);
  if (filled.length === 0) return pass(names.length === 0 ? 'empty or absent' : 'empty folders only');
  if (await hasAmpoule(host)) return pass(OWN);
  return fail(`${folder} holds ${filled.slice(0, 5).join(', ')}`, `${reset}, or move ${folder} away.`);
}
