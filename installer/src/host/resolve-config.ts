import type { InstallConfig, ResolvedConfig } from '../config.ts';
import { hostError } from './errors.ts';
import type { Host } from './host.ts';
import { detectNodeAddress } from './network.ts';

/** The host's own name in lower case, as Kubernetes wants a node's name. */
export async function readHostname(host: Host): Promise<string> {
  return ((await host.readText('/proc/sys/kernel/hostname')) ?? '').trim().toLowerCase();
}

/**
 * Completes the answers with what the host itself can tell.
 * @throws AMP_HOST_ADDRESS_UNKNOWN, AMP_HOST_NAME_UNKNOWN
 */
export async function resolveConfig(config: InstallConfig, host: Host): Promise<ResolvedConfig> {
  const nodeName = await readHostname(host);
  if (nodeName === '') {
    throw hostError('AMP_HOST_NAME_UNKNOWN', {
      what: 'This host has no name',
      fix: 'Give it one with hostnamectl set-hostname NAME, then run the command again.',
    });
  }
  const nodeAddress = config.nodeAddress ?? (await detectNodeAddress(host))?.address;
  if (nodeAddress === undefined) {
    throw hostError('AMP_HOST_ADDRESS_UNKNOWN', {
      what: 'The address of this host cannot be found',
      why: 'there is no default route, and not exactly one interface that has an IPv4 address',
      fix: 'Set nodeAddress in the answers, or give the host a default route.',
    });
  }
  return { ...config, nodeAddress, nodeName };
}
