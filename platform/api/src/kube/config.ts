import { KubeConfig } from '@kubernetes/client-node';
import { platformError } from '../errors.ts';

/** The access that a pod's service account gives, or the file that KUBECONFIG names. @throws AMP_KUBE_CONFIG */
export function loadKubeConfig(env: NodeJS.ProcessEnv = process.env): KubeConfig {
  const config = new KubeConfig();
  if (env.KUBECONFIG) config.loadFromFile(env.KUBECONFIG);
  else if (env.KUBERNETES_SERVICE_HOST) config.loadFromCluster();
  else {
    throw platformError('AMP_KUBE_CONFIG', {
      what: 'There is no access to a Kubernetes API',
      fix: 'Run this in a pod with a service account, or set KUBECONFIG to a file.',
    });
  }
  return config;
}
