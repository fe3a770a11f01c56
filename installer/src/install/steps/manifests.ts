import type { KubernetesObject } from '@kubernetes/client-node';
import { applyObjects, objectsOf } from '../../kube/apply.ts';
import { adminKubeConfig } from '../../kube/client.ts';
import { ensureSecrets } from '../../secrets.ts';
import type { InstallContext, Step } from '../step.ts';
import { manifestValues } from '../values.ts';
import { openPki } from './certificates.ts';

/** In the order in which they are applied. */
const COMPONENTS = ['flannel', 'coredns', 'platform', 'ingress', 'local-path-provisioner', 'metrics-server'];

/** Applies every object of the appliance. The server merges, so that doing it again changes nothing. */
export const manifests: Step = {
  id: 'manifests',
  title: 'Kubernetes objects',
  writes: [],
  predictedSeconds: 0.7,
  bytes: async () => 0,
  check: async () => false,
  apply: async (context, progress) => {
    const objects = await applianceObjects(context);
    let done = 0;
    await applyObjects(await adminKubeConfig(), objects, (name) => {
      done += 1;
      progress(`${name} (${done} of ${objects.length})`);
    });
  },
  // The objects go with etcd, and what they made with their pods.
  undo: async () => undefined,
};

/** All objects that the bundle's manifests describe for this host. */
export async function applianceObjects(context: InstallContext): Promise<KubernetesObject[]> {
  const values = await manifestValues(context, await ensureSecrets(), await openPki(context));
  const texts = await Promise.all(COMPONENTS.map((component) => context.bundle.manifestTexts(component)));
  return objectsOf(texts.flat(), values);
}
