import { annotations } from '@ampoule/platform-api/constants';
import type { V1HTTPIngressPath, V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';

/** One way from a host and a path to a Service. */
export interface Route {
  /** All hosts when absent; may begin with `*.`. */
  host?: string;
  path: string;
  isExact: boolean;
  /** Taken off the path before the request is passed on. */
  stripPrefix?: string;
  /** HOST:PORT, or undefined while there is no such Service. */
  upstream: string | undefined;
}

export type FindService = (namespace: string, name: string) => V1Service | undefined;

/** The routes of all ingresses, in the order in which they are to be tried: the more particular one first, then the older one. */
export function routesOf(ingresses: readonly V1Ingress[], findService: FindService): Route[] {
  return [...ingresses]
    .sort(byAge)
    .flatMap((ingress) => routesOfIngress(ingress, findService))
    .sort(byPrecedence);
}

/** Whether an ingress is of the class that this gateway serves. */
export function hasClass({ spec }: V1Ingress, name: string): boolean {
  return spec?.ingressClassName === name;
}

function routesOfIngress({ metadata, spec }: V1Ingress, findService: FindService): Route[] {
  const namespace = metadata?.namespace ?? '';
  const stripPrefix = metadata?.annotations?.[annotations.stripPrefix];
  const optional = stripPrefix?.startsWith('/') ? { stripPrefix } : {};
  const rules = (spec?.rules ?? []).flatMap((rule) =>
    (rule.http?.paths ?? []).map(
      (path): Route => ({
        ...(rule.host ? { host: rule.host } : {}),
        path: path.path || '/',
        isExact: path.pathType === 'Exact',
        ...optional,
        upstream: upstreamOf(path.backend, namespace, findService),
      }),
    ),
  );
  if (spec?.defaultBackend === undefined) return rules;
  return [...rules, { path: '/', isExact: false, ...optional, upstream: upstreamOf(spec.defaultBackend, namespace, findService) }];
}

function upstreamOf({ service: wanted }: V1HTTPIngressPath['backend'], namespace: string, findService: FindService): string | undefined {
  if (wanted === undefined) return undefined;
  const address = findService(namespace, wanted.name)?.spec;
  if (!address?.clusterIP || address.clusterIP === 'None') return undefined;
  const port = address.ports?.find(({ name, port: number }) =>
    wanted.port?.name ? name === wanted.port.name : number === wanted.port?.number,
  );
  const host = address.clusterIP.includes(':') ? `[${address.clusterIP}]` : address.clusterIP;
  return port === undefined ? undefined : `${host}:${port.port}`;
}

/** A host before any host, a whole host before a pattern, a longer path before a shorter one, an exact path before a prefix. */
function byPrecedence(a: Route, b: Route): number {
  return hostRank(a) - hostRank(b) || b.path.length - a.path.length || Number(b.isExact) - Number(a.isExact);
}

function hostRank({ host }: Route): number {
  if (host === undefined) return 2;
  return host.startsWith('*.') ? 1 : 0;
}

function byAge(a: V1Ingress, b: V1Ingress): number {
  const key = ({ metadata }: V1Ingress) => `${metadata?.creationTimestamp ?? ''} ${metadata?.namespace}/${metadata?.name}`;
  return key(a) < key(b) ? -1 : 1;
}
