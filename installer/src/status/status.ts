import type { KubeConfig } from '@kubernetes/client-node';
import { hostError } from '../host/errors.ts';
import type { Host } from '../host/host.ts';
import { adminKubeConfig } from '../kube/client.ts';
import { paths, units } from '../paths.ts';
import { certificateStatus } from './certificates.ts';
import { clusterStatus } from './cluster.ts';
import { diskStatus } from './disks.ts';
import { type ComponentStatus, ill, well } from './model.ts';
import { registryStatus } from './registry.ts';

/** Looks at every part of the appliance; works with the cluster down. @throws AMP_NOT_INSTALLED */
export async function readStatus(host: Host, kubeconfig: () => Promise<KubeConfig> = adminKubeConfig): Promise<ComponentStatus[]> {
  if (!(await host.exists(paths.journal))) {
    throw hostError('AMP_NOT_INSTALLED', {
      what: 'There is no Ampoule on this host',
      fix: 'Run "ampoule install" from an unpacked bundle.',
    });
  }
  const parts = await Promise.all([
    ...units.map((unit) => serviceStatus(host, unit)),
    registryStatus(host),
    clusterStatus(kubeconfig),
    diskStatus(host),
    certificateStatus(host),
  ]);
  return parts.flat();
}

async function serviceStatus(host: Host, unit: string): Promise<ComponentStatus> {
  const is = async (state: string) => (await host.run('systemctl', [`is-${state}`, '--quiet', unit])).code === 0;
  const [active, enabled] = await Promise.all([is('active'), is('enabled')]);
  if (active && enabled) return well(unit, 'active');
  if (active) return ill(unit, 'active, but not at the next boot', ['run "ampoule install" again']);
  return ill(unit, 'not active', [`see "journalctl -u ${unit}"`]);
}
