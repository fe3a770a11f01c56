import { setTimeout as delay } from 'node:timers/promises';
import { fillTemplate } from '@ampoule/lib/template';
import { type KubeConfig, type KubernetesObject, KubernetesObjectApi, loadYaml, PatchStrategy } from '@kubernetes/client-node';
import { installError } from '../install/errors.ts';
import { isPassing, reasonOf } from './errors.ts';

const FIELD_MANAGER = 'ampoule';
const RETRY_MS = 200;
const RETRY_FOR_MS = 60_000;

/** A manifest file of the bundle. */
export interface ManifestText {
  name: string;
  text: string;
}

/** The objects of manifest files, with their placeholders filled. @throws AMP_INPUT_INVALID */
export function objectsOf(manifests: readonly ManifestText[], values: Readonly<Record<string, string>>): KubernetesObject[] {
  return manifests.flatMap(({ name, text }) => documentsOf(fillTemplate(text, values, name)).map((document) => loadYaml(document)));
}

/** The client's own `loadAllYaml` fails at a document that is empty or holds nothing but comments. */
function documentsOf(text: string): string[] {
  return text.split(/^---(?:[ \t].*)?$/m).filter((document) => document.split('\n').some((line) => /^\s*[^\s#]/.test(line)));
}

/**
 * Applies objects in order by server-side apply. A kind whose definition has just been applied, and a server that is
 * just starting, are waited for. @throws AMP_APPLY_REFUSED
 */
export async function applyObjects(
  kubeconfig: KubeConfig,
  objects: readonly KubernetesObject[],
  onApplied: (name: string) => void,
  retryForMs = RETRY_FOR_MS,
): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(kubeconfig);
  for (const object of objects) {
    await applyObject(api, object, retryForMs);
    onApplied(nameOf(object));
  }
}

async function applyObject(api: KubernetesObjectApi, object: KubernetesObject, retryForMs: number): Promise<void> {
  const deadline = performance.now() + retryForMs;
  for (;;) {
    try {
      await api.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
      return;
    } catch (error) {
      if (!isPassing(error) || performance.now() > deadline) throw refused(object, error);
      await delay(RETRY_MS);
    }
  }
}

/** `Deployment kube-system/coredns`. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  const namespace = metadata?.namespace === undefined ? '' : `${metadata.namespace}/`;
  return `${kind} ${namespace}${metadata?.name}`;
}

function refused(object: KubernetesObject, cause: unknown) {
  return installError('AMP_APPLY_REFUSED', {
    what: `The Kubernetes API did not take ${nameOf(object)}`,
    why: reasonOf(cause),
    fix: 'Run "ampoule status"; when the API server is well, run "ampoule install" again.',
    cause,
  });
}
