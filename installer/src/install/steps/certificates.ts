import { paths } from '../../paths.ts';
import { ensurePki, type Pki } from '../../pki/ensure.ts';
import { kubeadmPkiFiles } from '../../pki/kubeadm.ts';
import { removeFolder } from '../../uninstall/files.ts';
import { areWritten, type HostFile, writeFiles } from '../files.ts';
import type { InstallContext, Step } from '../step.ts';

/** Makes the appliance's own authorities and the servers' certificates, and gives kubeadm the authorities. */
export const certificates: Step = {
  id: 'certificates',
  title: 'Certificates',
  writes: [paths.pki, `${paths.kubernetes}/pki`],
  predictedSeconds: 0.9,
  bytes: async () => 100_000,
  // Keeping what is valid and making what is missing is one operation, and a fast one.
  check: async () => false,
  apply: async (context) => {
    const files = await kubernetesFiles(await openPki(context));
    if (!(await areWritten(files))) await writeFiles(files);
  },
  undo: async (context) => {
    await removeFolder(context, paths.pki);
    if (context.owned) await removeFolder(context, `${paths.kubernetes}/pki`);
  },
};

/** The PKI of this host; made on the first call, kept afterwards. */
export function openPki({ config, bundle }: Pick<InstallContext, 'config' | 'bundle'>): Promise<Pki> {
  return ensurePki({ directory: paths.pki, config, bundleCreatedAt: new Date(bundle.manifest.createdAt), now: new Date() });
}

async function kubernetesFiles(pki: Pki): Promise<HostFile[]> {
  return (await kubeadmPkiFiles(pki)).map((file) => ({ ...file, path: `${paths.kubernetes}/pki/${file.path}` }));
}
