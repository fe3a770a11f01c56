import { mkdir, stat } from 'node:fs/promises';
import { tryExec } from '@ampoule/lib/exec';
import { fillTemplate } from '@ampoule/lib/template';
import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import { listHostProcesses } from '../../host/processes.ts';
import { adminKubeConfig } from '../../kube/client.ts';
import { paths } from '../../paths.ts';
import { installError } from '../errors.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import { enableService, isInService } from '../services.ts';
import type { InstallContext, Step } from '../step.ts';
import { kubeadmValues } from '../values.ts';
import { removeBrokenFiles } from './kubeadm-leftovers.ts';

const KUBEADM = `${paths.bin}/kubeadm`;
const UNIT = 'kubelet.service';
const INIT_TIMEOUT_MS = 300_000;
const EMPTY_RESOLVER = `${paths.config}/resolv.conf`;

/** Brings up the control plane with kubeadm, which finds the authorities that the certificates step left for it. */
export const kubernetes: Step = {
  id: 'kubernetes',
  title: 'Kubernetes control plane',
  writes: [paths.kubeadmConfig, paths.kubernetes, paths.kubelet, paths.etcd, `${paths.units}/${UNIT}`],
  predictedSeconds: 6.3,
  bytes: async () => 150_000_000,
  check: async (context) => (await areWritten(await files(context))) && (await isInService(UNIT)) && (await isComplete(context)),
  apply: async (context, progress) => {
    await writeFiles(await files(context));
    await mkdir(`${paths.kubernetes}/manifests`, { recursive: true });
    await enableService(UNIT);
    await stopOrphan(context);
    await removeBrokenFiles(context.host);
    const env = { PATH: `${paths.bin}:${process.env.PATH}` };
    // Ampoule's own preflight has judged this host, and kubeadm's checks would refuse to go on after an interrupted try.
    const args = ['init', '--config', paths.kubeadmConfig, '--skip-phases', 'preflight,show-join-command'];
    const result = await tryExec(KUBEADM, args, {
      env,
      timeoutMs: INIT_TIMEOUT_MS,
      onOutput: (text) => {
        const phase = /^\[([a-z-]+)\]/m.exec(text)?.[1];
        if (phase !== undefined) progress(phase);
      },
    });
    if (result.code === 0) return;
    throw installError('AMP_NOT_READY', {
      what: 'kubeadm could not bring up the control plane',
      why: (result.stderr || result.stdout).trim().split('\n').slice(-15).join('\n'),
      fix: 'Look at "journalctl -u kubelet" and /var/log/pods, then run "ampoule install" again.',
    });
  },
};

/** A kubeadm whose installer was killed goes on by itself; two at once would write the same files. */
async function stopOrphan({ host }: InstallContext): Promise<void> {
  const orphans = (await listHostProcesses(host)).filter(({ command }) => command[0] === KUBEADM);
  for (const { pid } of orphans) host.live.signal(pid, 'SIGKILL');
}

/** The addons are the last thing that kubeadm writes. */
async function isComplete({ config }: InstallContext): Promise<boolean> {
  if ((await stat(paths.adminKubeconfig).catch(() => undefined)) === undefined) return false;
  // One that a crash left half written is made anew by kubeadm.
  const kubeconfig = await adminKubeConfig().catch(() => undefined);
  if (kubeconfig === undefined) return false;
  const apps = kubeconfig.makeApiClient(AppsV1Api);
  const found = [
    kubeconfig.makeApiClient(CoreV1Api).readNode({ name: config.nodeName }),
    apps.readNamespacedDaemonSet({ namespace: 'kube-system', name: 'kube-proxy' }),
    apps.readNamespacedDeployment({ namespace: 'kube-system', name: 'coredns' }),
  ];
  return Promise.all(found).then(
    () => true,
    () => false,
  );
}

async function files(context: InstallContext): Promise<HostFile[]> {
  const [template] = await context.bundle.manifestTexts('kubeadm');
  const hasResolver = (await context.host.readText('/etc/resolv.conf')) !== undefined;
  const values = kubeadmValues(context, hasResolver ? '/etc/resolv.conf' : EMPTY_RESOLVER);
  return [
    { path: paths.kubeadmConfig, contents: fillTemplate(template?.text ?? '', values, 'kubeadm.yaml'), mode: 0o600 },
    { path: `${paths.units}/${UNIT}`, contents: unit, mode: 0o644 },
    { path: EMPTY_RESOLVER, contents: "# A sealed site may have no resolver; pods use the cluster's.\n", mode: 0o644 },
  ];
}

/** The flags are those of the unit that Kubernetes ships: https://github.com/kubernetes/release/blob/v0.18.0/cmd/krel/templates/latest/kubeadm/10-kubeadm.conf */
const unit = `[Unit]
Description=Kubernetes node agent
After=ampoule-containerd.service
Wants=ampoule-containerd.service

[Service]
Environment=PATH=${paths.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EnvironmentFile=-${paths.kubelet}/kubeadm-flags.env
ExecStart=${paths.bin}/kubelet --bootstrap-kubeconfig=${paths.kubernetes}/bootstrap-kubelet.conf --kubeconfig=${paths.kubernetes}/kubelet.conf --config=${paths.kubelet}/config.yaml $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=1
StartLimitInterval=0

[Install]
WantedBy=multi-user.target
`;
