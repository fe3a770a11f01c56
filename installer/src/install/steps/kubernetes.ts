import { mkdir, stat } from 'node:fs/promises';
import { fillTemplate } from '@ampoule/lib/template';
import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import { adminKubeConfig } from '../../kube/client.ts';
import { paths } from '../../paths.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import { enableService, isInService } from '../services.ts';
import type { InstallContext, Step, StepProgress } from '../step.ts';
import { kubeadmValues } from '../values.ts';
import { ensureCoreDns, hasCoreDns } from './coredns.ts';
import { runKubeadm, stopOrphans } from './kubeadm.ts';
import { removeBrokenFiles } from './kubeadm-leftovers.ts';
import { undoKubernetes } from './kubernetes-undo.ts';

const UNIT = 'kubelet.service';
/** Much less than kubeadm waits for a control plane that does not come. */
const SOON_MS = 60_000;
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
    await stopOrphans(context.host);
    await removeBrokenFiles(context.host);
    await initialise(progress);
    await ensureCoreDns(await adminKubeConfig(), progress);
  },
  undo: (context) => undoKubernetes(context, { unit: UNIT, files: [paths.kubeadmConfig, EMPTY_RESOLVER] }),
};

/** An API server that is going down when kubeadm asks it makes kubeadm fail soon; the one that comes after it answers. */
async function initialise(progress: StepProgress): Promise<void> {
  // Ampoule's own preflight has judged this host, and kubeadm's checks would refuse to go on after an interrupted try.
  const args = ['init', '--skip-phases', 'preflight,addon/coredns,show-join-command'];
  const started = performance.now();
  try {
    await runKubeadm(args, progress);
  } catch (error) {
    if (performance.now() - started > SOON_MS) throw error;
    await runKubeadm(args, progress);
  }
}

/** The addons are the last thing that kubeadm writes. */
async function isComplete({ config }: InstallContext): Promise<boolean> {
  if ((await stat(paths.adminKubeconfig).catch(() => undefined)) === undefined) return false;
  // One that a crash left half written is made anew by kubeadm.
  const kubeconfig = await adminKubeConfig().catch(() => undefined);
  if (kubeconfig === undefined) return false;
  const found = [
    kubeconfig.makeApiClient(CoreV1Api).readNode({ name: config.nodeName }),
    kubeconfig.makeApiClient(AppsV1Api).readNamespacedDaemonSet({ namespace: 'kube-system', name: 'kube-proxy' }),
    hasCoreDns(kubeconfig),
  ] as const;
  return Promise.all(found).then(
    ([, , coreDns]) => coreDns,
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
