import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@ampoule/lib/exec';
import { fillTemplate } from '@ampoule/lib/template';
import { buildComponent } from './build/component.ts';
import { type BuildContext, ownArchitecture, type SourceResult } from './build/context.ts';
import { type ImageRequest, imagesIn, imagesInProgram } from './closure.ts';
import type { Component, Definition } from './definition.ts';
import { bundleError } from './errors.ts';
import { hostImage } from './layout.ts';

/** A file below manifests/. */
export interface ManifestFile {
  path: string;
  text: string;
}

interface Asking {
  definition: Definition;
  sources: ReadonlyMap<string, SourceResult>;
  manifests: readonly ManifestFile[];
  context: BuildContext;
}

const KUBEADM_CONFIG = 'kubeadm/kubeadm.yaml';

/** All that can ask for an image: the installer, every manifest, our own programs, and kubeadm. */
export async function imageRequests({ definition, sources, manifests, context }: Asking): Promise<ImageRequest[]> {
  const { components, version } = definition;
  const requests: ImageRequest[] = [{ image: hostImage(version), source: 'the installer' }];
  for (const { path, text } of manifests) requests.push(...imagesIn(text, `manifests/${path}`, version));
  for (const [name, { source }] of components) {
    if (source.kind !== 'typescript') continue;
    for (const entry of sources.get(name)?.entries ?? []) {
      if ('content' in entry) requests.push(...imagesInProgram(entry.content.toString(), entry.path, version));
    }
  }
  const kubernetes = components.get('kubernetes');
  if (kubernetes !== undefined) requests.push(...(await imagesOfKubeadm(kubernetes, manifests, context)));
  return requests;
}

/** The images that kubeadm asks for with the configuration that the installer gives it. @throws AMP_BUNDLE_CLOSURE when it cannot be asked */
async function imagesOfKubeadm(kubernetes: Component, manifests: readonly ManifestFile[], context: BuildContext): Promise<ImageRequest[]> {
  const config = manifests.find(({ path }) => path === KUBEADM_CONFIG);
  // kubeadm is asked where the bundle is built; the images are the same for all architectures.
  const { entries } = await buildComponent('kubernetes', kubernetes, { ...context, architecture: ownArchitecture });
  const program = entries.find((entry) => 'file' in entry);
  if (config === undefined || program === undefined) {
    throw bundleError('AMP_BUNDLE_CLOSURE', {
      what: 'kubeadm cannot be asked for the images that it needs',
      why: config === undefined ? `there is no manifests/${KUBEADM_CONFIG}` : 'the component kubernetes has no program',
      fix: 'Mend that: nothing else knows these images.',
    });
  }
  const output = await askKubeadm(program.file, config.text);
  return output
    .trim()
    .split('\n')
    .map((image) => ({ image, source: 'kubeadm' }));
}

async function askKubeadm(program: string, configText: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ampoule-closure-'));
  try {
    const config = join(folder, 'kubeadm.yaml');
    await writeFile(config, fillTemplate(configText, kubeadmSample, `manifests/${KUBEADM_CONFIG}`));
    await symlink(program, join(folder, 'kubeadm'));
    return await exec(join(folder, 'kubeadm'), ['config', 'images', 'list', '--config', config]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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
  evictionBytes: '1',
  resolvConf: '',
  containerdSocket: '/run/containerd.sock',
};
