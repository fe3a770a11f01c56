import { createHmac, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EVICTION_BYTES } from '../config.ts';
import { addressText, networkOf } from '../host/cidr.ts';
import { paths } from '../paths.ts';
import type { Pki } from '../pki/ensure.ts';
import { registryUrl, type Secrets } from '../secrets.ts';
import type { InstallContext } from './step.ts';

const DNS_SERVICE = 10;

/** The values that manifests/kubeadm/kubeadm.yaml may name. */
export function kubeadmValues({ config, traits }: Pick<InstallContext, 'config' | 'traits'>, resolvConf: string): Record<string, string> {
  return {
    ...networkValues(config),
    nodeName: config.nodeName,
    cgroupDriver: traits.cgroupDriver,
    failCgroupV1: 'false',
    containerdSocket: paths.containerdSocket,
    resolvConf,
    evictionBytes: String(EVICTION_BYTES),
  };
}

/** The values that every other manifest may name. */
export async function manifestValues(
  { bundle, config }: Pick<InstallContext, 'bundle' | 'config'>,
  { username, password, dashboardToken, warmKey, natsToken }: Secrets,
  pki: Pick<Pki, 'trust' | 'servers'>,
): Promise<Record<string, string>> {
  const fileBase64 = async (path: string) => base64(await readFile(path, 'utf8'));
  return {
    ...networkValues(config),
    version: bundle.manifest.version,
    registryUrl: registryUrl(config.nodeAddress),
    registryUsernameBase64: base64(username),
    registryPasswordBase64: base64(password),
    registryCaBase64: await fileBase64(pki.trust),
    ingressCertificateBase64: await fileBase64(pki.servers.ingress.certificate),
    ingressKeyBase64: await fileBase64(pki.servers.ingress.key),
    dashboardTokenBase64: base64(dashboardToken),
    warmPrivateKeyBase64: base64(warmKey),
    natsTokenBase64: base64(natsToken),
    invokerTokenBase64: base64(tokenOf(natsToken, 'invoker')),
    invokerIntakeTokenBase64: base64(tokenOf(natsToken, 'invoker intake')),
    warmPublicKey: publicKeyOf(warmKey),
  };
}

function networkValues({ nodeAddress, hostname, podCidr, serviceCidr }: InstallContext['config']): Record<string, string> {
  return {
    nodeAddress,
    hostname,
    podCidr,
    serviceCidr,
    dnsServiceIp: addressText(networkOf(serviceCidr).first + DNS_SERVICE),
    clusterDomain: 'cluster.local',
  };
}

/** What others of the platform show to the invoker: from it nobody can tell the token that it is made of, nor another one. */
function tokenOf(natsToken: string, purpose: string): string {
  return createHmac('sha256', natsToken).update(purpose).digest('base64url');
}

function publicKeyOf(privateKey: string): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
