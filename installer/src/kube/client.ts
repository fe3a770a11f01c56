import { readFile } from 'node:fs/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { paths } from '../paths.ts';
import { withRoot } from '../pki/kubeadm.ts';

/** The administrator's access to this host's cluster. */
export async function adminKubeConfig(): Promise<KubeConfig> {
  const kubeconfig = new KubeConfig();
  kubeconfig.loadFromString(withRoot(await readFile(paths.adminKubeconfig, 'utf8'), await readFile(`${paths.pki}/trust.crt`, 'utf8')));
  return kubeconfig;
}
