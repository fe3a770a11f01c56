import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, messageOf } from '@ampoule/lib/errors';
import { fillTemplate } from '@ampoule/lib/template';
import {
  ApiException,
  type KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  loadAllYaml,
  PatchStrategy,
} from '@kubernetes/client-node';
import { installError } from '../install/errors.ts';

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
  return manifests.flatMap(({ name, text }) =>
    loadAllYaml(fillTemplate(text, values, name)).filter((object) => object !== null && object !== undefined),
  );
}

/**
 * Applies objects in order by server-side apply. A kind whose definition has just been applied, and a server that is
 * just starting, are waited for. @throws AMP_APPLY_REFUSED
 */
export async function applyObjects(
  kubeconfig: KubeConfig,
  objects: readonly KubernetesObject[],
  onApplied: (name: string) => void,
): Promise<void> {
  const api = KubernetesObjectApi.makeApiClient(kubeconfig);
  for (const object of objects) {
    await applyObject(api, object);
    onApplied(nameOf(object));
  }
}

async function applyObject(api: KubernetesObjectApi, object: KubernetesObject): Promise<void> {
  const deadline = performance.now() + RETRY_FOR_MS;
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

/** 404 is what a kind answers until its definition is served. */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiException) return [404, 429, 500, 502, 503, 504].includes(error.code);
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE'].includes(codeOf(error) ?? '') ||
    /Unrecognized API version and kind/.test(messageOf(error))
  );
}

/** `Deployment kube-system/coredns`. */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  const namespace = metadata?.namespace === undefined ? '' : `${metadata.namespace}/`;
  return `${kind} ${namespace}${metadata?.name}`;
}

function refused(object: KubernetesObject, cause: unknown) {
  return installError('AMP_APPLY_REFUSED', {
    what: `The Kubernetes API did not take ${nameOf(object)}`,
    why: messageOf(cause),
    fix: 'Run "ampoule status"; when the API server is well, run "ampoule install" again.',
    cause,
  });
}
