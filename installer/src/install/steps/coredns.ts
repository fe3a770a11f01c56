import { ApiException, AppsV1Api, CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import type { StepProgress } from '../step.ts';
import { runKubeadm } from './kubeadm.ts';

const NAMESPACE = 'kube-system';
const DEPLOYMENT = { namespace: NAMESPACE, name: 'coredns' };

/**
 * Has kubeadm set up CoreDNS where it is not there whole. Where it is, kubeadm would compare versions, and fail at one that is newer
 * than those it knows: https://github.com/kubernetes/kubernetes/blob/v1.36.3/cmd/kubeadm/app/phases/addons/dns/dns.go
 */
export async function ensureCoreDns(
  kubeconfig: KubeConfig,
  progress: StepProgress,
  kubeadm: (args: readonly string[], progress: StepProgress) => Promise<void> = runKubeadm,
): Promise<void> {
  if (await hasCoreDns(kubeconfig)) return;
  // Half of one, left by a kubeadm that was killed, is not looked at once its Deployment is gone.
  await unlessAbsent(kubeconfig.makeApiClient(AppsV1Api).deleteNamespacedDeployment(DEPLOYMENT));
  await kubeadm(['init', 'phase', 'addon', 'coredns'], progress);
}

/** The Service is the last thing of it that kubeadm makes. */
export async function hasCoreDns(kubeconfig: KubeConfig): Promise<boolean> {
  const [deployment, service] = await Promise.all([
    unlessAbsent(kubeconfig.makeApiClient(AppsV1Api).readNamespacedDeployment(DEPLOYMENT)),
    unlessAbsent(kubeconfig.makeApiClient(CoreV1Api).readNamespacedService({ namespace: NAMESPACE, name: 'kube-dns' })),
  ]);
  return deployment !== undefined && service !== undefined;
}

async function unlessAbsent<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return undefined;
    throw error;
  }
}
