import type { NuclioFunction } from '@ampoule/platform-api/function';
import { mountedReferencesIn } from '@ampoule/platform-api/mask';
import type { RenderContext } from '../objects/context.ts';
import { nodeSelectorOf } from '../objects/pod.ts';
import { warmRuntimeOf } from './warm-pods.ts';

const RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** Kubernetes puts other variables there, or a single dollar sign: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ */
const REFERENCE = /\$[($]/;
/** They are heeded at the start of a process, which a warm pod has behind it. */
const START_VARIABLES = /^(NODE_|LD_|UV_|SSL_|OPENSSL_|TZ$|PATH$|HOME$|LANG$|LC_|NUCLIO_HANDLER_DIR$)/;

/**
 * Why a function needs pods of its own: it would notice that a warm one lacks something. Undefined where it would not.
 * A warm pod has an image, mounts, an account and a place of its own.
 */
export function unfitnessOf(
  { spec }: Pick<NuclioFunction, 'spec'>,
  context: Pick<RenderContext, 'platform' | 'projectNodeSelector' | 'deploymentSpecs'>,
): string | undefined {
  const { platform } = context;
  if (warmRuntimeOf({ spec }) === undefined) return `there are no warm pods of runtime ${spec.runtime}`;
  if (spec.disable === true) return 'it is disabled';
  if (spec.replicas !== undefined && spec.replicas !== null) return 'its replicas are given';
  const lacking = [
    [spec.volumes, 'volumes'],
    [spec.envFrom, 'envFrom'],
    [platform.runtime.common.envFrom, 'envFrom of the platform'],
    [spec.sidecars, 'sidecars'],
    [spec.initContainers, 'initContainers'],
    [spec.serviceAccount || platform.kube.defaultFunctionServiceAccount, 'a service account'],
    [spec.securityContext, 'a security context'],
    [spec.affinity, 'an affinity'],
    [nodeSelectorOf({ spec } as NuclioFunction, context), 'a node selector'],
    [spec.nodeName, 'a node'],
    [spec.hostIPC, 'hostIPC'],
    [mountedReferencesIn({ metadata: {}, spec }), 'secrets'],
    [context.deploymentSpecs, 'a Deployment that the platform adds to'],
  ] as const;
  const [, found] = lacking.find(([value]) => isGiven(value)) ?? [];
  if (found !== undefined) return `it has ${found}`;
  const variable = (spec.env ?? []).find(
    ({ name, value, valueFrom }) => valueFrom !== undefined || value === undefined || REFERENCE.test(value) || START_VARIABLES.test(name),
  );
  if (variable !== undefined) return `a running process cannot be given its variable ${variable.name}`;
  return unfitResourceOf(spec.resources);
}

function unfitResourceOf(resources: NuclioFunction['spec']['resources']): string | undefined {
  const wanted = [...Object.keys(resources?.requests ?? {}), ...Object.keys((resources?.limits ?? {}) as Record<string, unknown>)];
  const foreign = wanted.find((name) => !RESOURCES.has(name));
  return foreign === undefined ? undefined : `it asks for ${foreign}`;
}

function isGiven(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
