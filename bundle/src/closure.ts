import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { fillTemplate } from '@ampoule/lib/template';
import { bundleError } from './errors.ts';

/** Something that can make a node pull an image. */
export interface ImageRequest {
  image: string;
  /** File or program that asks. */
  source: string;
}

/** Any string of the form host.name/path:tag or with a digest, wherever it stands: a field, an argument, a variable, a configuration inside. */
const IMAGE = /(?<![\w./-])(?:[a-z0-9-]+\.)+[a-z]+(?::\d+)?\/[a-z0-9._/-]+(?::[A-Za-z0-9_][\w.-]*|@sha256:[0-9a-f]{64})/g;

/** The images that a text names. */
export function imagesIn(text: string, source: string, version: string): ImageRequest[] {
  const filled = text.replaceAll(`\${version}`, version);
  return [...filled.matchAll(IMAGE)].map(([image]) => ({ image, source }));
}

/** The images that kubeadm will ask for with the configuration that the installer gives it. */
export async function imagesOfKubeadm(kubernetesProgram: string, configText: string): Promise<ImageRequest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-closure-'));
  try {
    const config = join(folder, 'kubeadm.yaml');
    await writeFile(config, fillTemplate(configText, kubeadmSample, 'manifests/kubeadm/kubeadm.yaml'));
    await symlink(kubernetesProgram, join(folder, 'kubeadm'));
    const output = await exec(join(folder, 'kubeadm'), ['config', 'images', 'list', '--config', config]);
    return output
      .trim()
      .split('\n')
      .map((image) => ({ image, source: 'kubeadm' }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws AMP_BUNDLE_CLOSURE naming each image that is asked for and not in the bundle, and who asks */
export function checkClosure(requests: readonly ImageRequest[], bundled: readonly string[]): void {
  const absent = requests.filter(({ image }) => !bundled.includes(image));
  if (absent.length === 0) return;
  throw bundleError('AMP_BUNDLE_CLOSURE', {
    what: 'The bundle would be incomplete',
    why: [...new Set(absent.map(({ image, source }) => `${image} is asked for by ${source}`))].join('\n'),
    fix: 'Add a folder with an image.yaml to images/ for each, or correct the name.',
  });
}

const kubeadmSample = {
  nodeAddress: '192.0.2.1',
  nodeName: 'sample',
  podCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  clusterDomain: 'cluster.local',
  hostname: 'sample.internal',
  dnsServiceIp: '10.96.0.10',
  cgroupDriver: 'systemd',
  failCgroupV1: 'false',
  resolvConf: '',
  containerdSocket: '/run/containerd.sock',
  kubeletData: '/var/lib/kubelet',
};
