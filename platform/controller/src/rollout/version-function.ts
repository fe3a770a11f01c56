import { versionFunctionNameOf, versionLabels } from '@ampoule/platform-api/alias';
import type { FunctionSpec, Trigger } from '@ampoule/platform-api/function';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import type { FunctionVersion } from '@ampoule/platform-api/versions';

export interface VersionOwner {
  namespace: string;
  name: string;
  /** What the function that this is a version of hands on to it. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/**
 * The function that runs one version of another. It is called through its alias: what else the function hears of stays with the function
 * itself, so that no event is handled twice and no host or port is asked for twice.
 */
export function versionFunctionOf({ namespace, name, labels, annotations }: VersionOwner, { version, spec }: FunctionVersion): RawObject {
  const own = { [versionLabels.of]: name, [versionLabels.number]: String(version) };
  return {
    metadata: { namespace, name: versionFunctionNameOf(name, version), labels: { ...labels, ...own }, annotations },
    spec: versionSpecOf(spec),
    status: { state: 'waitingForResourceConfiguration' },
  };
}

function versionSpecOf({ serviceType, ...spec }: FunctionSpec): FunctionSpec {
  const triggers = Object.entries(spec.triggers ?? {}).filter(([, { kind }]) => kind === 'http');
  return { ...spec, triggers: Object.fromEntries(triggers.map(([key, trigger]) => [key, withoutAddress(trigger)])) };
}

function withoutAddress(trigger: Trigger): Trigger {
  const { ingresses, port, serviceType, ...attributes } = trigger.attributes ?? {};
  // A function that asks for ingresses gets none here; one that does not has a path of its own, where the version can be tried.
  const none = ingresses === undefined || ingresses === null ? {} : { ingresses: {} };
  return { ...trigger, attributes: { ...attributes, ...none } };
}
