import { createPrivateKey } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import type { Host } from '../../host/host.ts';
import { paths } from '../../paths.ts';
import { tryReadCertificates } from '../../pki/read.ts';

/** The pairs that kubeadm makes below /etc/kubernetes/pki. It keeps those it finds, and fails at one that a crash left half written. */
const pairs = [
  'apiserver',
  'apiserver-kubelet-client',
  'apiserver-etcd-client',
  'front-proxy-client',
  'etcd/server',
  'etcd/peer',
  'etcd/healthcheck-client',
];
const kubeconfigs = ['admin', 'super-admin', 'kubelet', 'controller-manager', 'scheduler'];

/** Removes what kubeadm had begun to write when the host or kubeadm went down; it makes them anew. */
export async function removeBrokenFiles(host: Host): Promise<void> {
  for (const name of pairs.map((pair) => `${paths.kubernetes}/pki/${pair}`)) {
    if (isPair(await host.readText(`${name}.crt`), await host.readText(`${name}.key`))) continue;
    await host.remove(`${name}.crt`);
    await host.remove(`${name}.key`);
  }
  for (const file of kubeconfigs.map((name) => `${paths.kubernetes}/${name}.conf`)) {
    const text = await host.readText(file);
    if (text !== undefined && !isKubeconfig(text)) await host.remove(file);
  }
}

function isPair(certificate: string | undefined, key: string | undefined): boolean {
  const [leaf] = tryReadCertificates(certificate);
  if (leaf === undefined || key === undefined) return false;
  try {
    return leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isKubeconfig(text: string): boolean {
  try {
    const kubeconfig = new KubeConfig();
    kubeconfig.loadFromString(text);
    return kubeconfig.getCurrentCluster() !== null && kubeconfig.getCurrentUser() !== null;
  } catch {
    return false;
  }
}
