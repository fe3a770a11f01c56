import type { X509Certificate } from 'node:crypto';

/** By the end of the path; the first that fits. */
const purposes: readonly [end: string, purpose: string][] = [
  ['/etcd/ca.crt', 'signs the certificates of etcd'],
  ['/etcd/server.crt', 'etcd towards its clients'],
  ['/etcd/peer.crt', 'etcd towards other members'],
  ['/etcd/healthcheck-client.crt', 'health checks of etcd'],
  ['/apiserver-etcd-client.crt', 'API server towards etcd'],
  ['/apiserver-kubelet-client.crt', 'API server towards the kubelets'],
  ['/apiserver.crt', 'API server towards its clients'],
  ['/front-proxy-client.crt', 'API server towards extension servers'],
  ['/kubelet-client-current.pem', 'kubelet towards the API server'],
  ['/kubelet-server-current.pem', 'kubelet towards its clients'],
  ['/kubelet.crt', 'kubelet towards its clients'],
  ['/super-admin.conf', 'emergency administrator, past RBAC'],
  ['/admin.conf', 'administrator of the cluster'],
  ['/controller-manager.conf', 'controller manager towards the API server'],
  ['/scheduler.conf', 'scheduler towards the API server'],
  ['/kubelet.conf', 'kubelet towards the API server'],
  ['/registry.crt', 'registry towards its clients'],
  ['/ingress.crt', 'dashboard and functions towards browsers'],
  ['/root.crt', 'root of trust of this appliance'],
  ['/trust.crt', 'root of trust of this appliance'],
  ['/cluster-ca.crt', 'signs the certificates of Kubernetes'],
  ['/etcd-ca.crt', 'signs the certificates of etcd'],
  ['/front-proxy-ca.crt', 'signs the API server towards extension servers'],
  ['/registry-ca.crt', 'signs the certificate of the registry'],
  ['/ingress-ca.crt', 'signs the certificate of the ingress'],
];

/** What follows the first certificate of a file, where that is not of the appliance's own chain. */
const issuers: readonly [end: string, purpose: string][] = [
  ['/kubelet.crt', "signed the kubelet's own certificate; nothing else trusts it"],
];

/** Node.js calls the extended key usage `keyUsage`. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** What the first certificate of a file is for; further ones, and those of unknown files, are told by their extensions. */
export function purposeOf(certificate: X509Certificate, { file, index }: { file: string; index: number }): string {
  const known = (index === 0 ? purposes : issuers).find(([end]) => file.endsWith(end))?.[1];
  if (known !== undefined) return known;
  if (certificate.ca) return certificate.checkIssued(certificate) ? 'root of trust' : 'signs certificates';
  const usages = certificate.keyUsage ?? [];
  if (usages.includes(SERVER_AUTH)) return 'TLS server';
  return usages.includes(CLIENT_AUTH) ? 'TLS client' : 'unknown';
}
