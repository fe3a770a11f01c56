import { labels, ports } from './constants.ts';
import type { NuclioFunction } from './function.ts';

/** All objects of a function carry this one name. */
export function objectNameOf(functionName: string): string {
  return `nuclio-${functionName}`;
}

/** The labels that objects of a function carry beside its own; pods are selected by them. */
export function selectorLabelsOf(functionName: string): Record<string, string> {
  return {
    [labels.class]: 'function',
    [labels.app]: 'functionres',
    [labels.function]: functionName,
    [labels.functionVersion]: 'latest',
  };
}

/** Where a function is called from inside of the cluster, without the scheme. */
export function internalUrlOf({ metadata }: Pick<NuclioFunction, 'metadata'>, clusterDomain = 'cluster.local'): string {
  return `${objectNameOf(metadata.name)}.${metadata.namespace}.svc.${clusterDomain}:${ports.http}`;
}

/** The repository that holds the images built for a function. */
export function imageRepositoryOf(namespace: string, functionName: string): string {
  return `ampoule.internal/functions/${namespace}/${functionName}`;
}

/** An image name in its two parts; the private registry keeps it under its full name. */
export function splitImage(image: string): { repository: string; tag: string } {
  const colon = image.lastIndexOf(':');
  if (colon <= image.lastIndexOf('/')) return { repository: image, tag: 'latest' };
  return { repository: image.slice(0, colon), tag: image.slice(colon + 1) };
}
