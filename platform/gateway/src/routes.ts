import type { ApiGatewayCors } from '@ampoule/platform-api/api-gateway';
import type { AccessKey, ApiGatewayJwt } from '@ampoule/platform-api/api-gateway-access';
import { annotations, labels } from '@ampoule/platform-api/constants';
import type { KubernetesObject, V1HTTPIngressPath, V1Ingress, V1Service } from '@ampoule/platform-api/kube/types';

export interface Destination {
  /** HOST:PORT, or undefined while there is no such Service. */
  upstream: string | undefined;
  /** The function behind it, for the activator to know whom to wake. */
  functionName?: string;
  functionNamespace?: string;
  /** Takes the place of the whole path. */
  rewriteTarget?: string;
}

/** Who may call: at most one of the first four, or everybody. */
export interface Access {
  /** The hash is one of bcrypt. */
  basicAuth?: { username: string; hash: string };
  accessKeys?: readonly AccessKey[];
  jwt?: ApiGatewayJwt;
  /** PEM of the authorities whose client certificates are let in. */
  clientCa?: string;
  /** The name says whose limit it is, so that it goes on where the rest of a route changes. */
  rateLimit?: { name: string; requestsPerSecond: number; burst: number; per: 'gateway' | 'ip' | 'caller' };
  cors?: ApiGatewayCors;
}

/** One way from a host and a path to a Service, or to two. */
export interface Route extends Destination, Access {
  /** All hosts when absent; may begin with `*.`. */
  host?: string;
  path: string;
  isExact: boolean;
  /** Networks whose callers alone get there, and need not encrypt, as callers of functions do; all else is served encrypted alone, to all. */
  callers?: readonly string[];
  /** Taken off the path before the request is passed on. */
  stripPrefix?: string;
  /** HOST:PORT that takes requests whose callers do not wait for the answer, and the file of the token to show there; absent where there is none. */
  invoker?: { upstream: string; tokenFile: string };
  /** Gets its percentage of the requests. */
  canary?: Destination & { percentage: number };
}

export type FindService = (namespace: string, name: string) => V1Service | undefined;

/** The routes of all ingresses; of those at the same place the older one comes first. */
export function routesOf(ingresses: readonly V1Ingress[], findService: FindService): Route[] {
  return [...ingresses].sort(byAge).flatMap((ingress) => routesOfIngress(ingress, findService));
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
        ...destinationOf(path.backend, namespace, findService),
      }),
    ),
  );
  if (spec?.defaultBackend === undefined) return rules;
  return [...rules, { path: '/', isExact: false, ...optional, ...destinationOf(spec.defaultBackend, namespace, findService) }];
}

function destinationOf({ service: wanted }: V1HTTPIngressPath['backend'], namespace: string, findService: FindService): Destination {
  if (wanted === undefined) return { upstream: undefined };
  return serviceDestinationOf(findService(namespace, wanted.name), wanted.port?.name || wanted.port?.number);
}

/** Where a Service is reached at a port, by its name or number. */
export function serviceDestinationOf(service: V1Service | undefined, wanted: string | number | undefined): Destination {
  const { clusterIP, ports } = service?.spec ?? {};
  const port = ports?.find(({ name, port: number }) => (typeof wanted === 'string' ? name : number) === wanted);
  if (!clusterIP || clusterIP === 'None' || port === undefined) return { upstream: undefined };
  const functionName = service?.metadata?.labels?.[labels.function];
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
  const functionNamespace = service?.metadata?.namespace ?? '';
  return { upstream: `${host}:${port.port}`, ...(functionName === undefined ? {} : { functionName, functionNamespace }) };
}

/** The older object first, which keeps what it has. */
export function byAge(a: KubernetesObject, b: KubernetesObject): number {
  const key = ({ metadata }: KubernetesObject) => `${metadata?.creationTimestamp ?? ''} ${metadata?.namespace}/${metadata?.name}`;
  return key(a) < key(b) ? -1 : 1;
}
