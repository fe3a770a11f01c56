import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { aliasHostsOf, aliasSchema, aliasServiceNameOf } from '@ampoule/platform-api/alias';
import {
  type ApiGatewayUpstream,
  apiGatewaySchema,
  enrichApiGateway,
  sharesOf,
  validateApiGateway,
} from '@ampoule/platform-api/api-gateway';
import { addressOf } from '@ampoule/platform-api/api-gateway-address';
import { ports } from '@ampoule/platform-api/constants';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import { objectNameOf } from '@ampoule/platform-api/names';
import * as z from 'zod';
import { accessOf } from './api-gateway-access.ts';
import { byAge, type Destination, type FindService, type Route, serviceDestinationOf } from './routes.ts';

const aliasGatewaySchema = z.looseObject({ alias: aliasSchema });

export interface ApiGatewayPlan {
  routes: Route[];
  /** Why a gateway is not served, by its key. */
  problems: Map<string, string>;
}

/** The routes of all API gateways that can be served. An address that somebody has already is refused to who comes later. */
export function planApiGateways(
  gateways: readonly RawObject[],
  taken: readonly Route[],
  {
    findService,
    clusterDomain = 'cluster.local',
    networks = [],
  }: { findService: FindService; clusterDomain?: string; networks?: readonly string[] },
): ApiGatewayPlan {
  const plan: ApiGatewayPlan = { routes: [], problems: new Map() };
  const addresses = new Set(taken.map(({ host = '', path }) => addressOf(host, path)));
  for (const object of [...gateways].sort(byAge)) {
    try {
      const route = routeOf(object, findService);
      const address = addressOf(route.host ?? '', route.path);
      if (addresses.has(address)) throw new Error(`Ingress host and path are already in use: ${address}`);
      addresses.add(address);
      plan.routes.push(route, ...internalRoutesOf(route, object, { clusterDomain, networks }));
    } catch (error) {
      plan.problems.set(keyOf(object), messageOf(error));
    }
  }
  return plan;
}

function routeOf(object: RawObject, findService: FindService): Route {
  const gateway = enrichApiGateway(parse(apiGatewaySchema, object, `NuclioAPIGateway ${keyOf(object)}`));
  validateApiGateway(gateway);
  const { spec } = gateway;
  const shares = sharesOf(spec);
  if (shares === undefined) throw new Error('One or more upstreams must be provided in spec');
  const namespace = object.metadata?.namespace ?? '';
  const { primary, canary } = shares;
  const percentage = canary?.percentage ?? 0;
  if (canary !== undefined && percentage === 0) throw new Error('Percentage must be set on one of the upstreams (canary)');
  return {
    host: spec.host ?? '',
    path: spec.path || '/',
    isExact: false,
    ...destinationOf(primary, namespace, findService),
    ...(canary === undefined ? {} : { canary: { ...destinationOf(canary, namespace, findService), percentage } }),
    ...accessOf(gateway, object),
  };
}

/** An alias is called inside of the cluster like a function: by any path, under the names of its Service, and by who may call it outside. */
function internalRoutesOf(
  route: Route,
  { metadata, spec }: RawObject,
  { clusterDomain, networks }: { clusterDomain: string; networks: readonly string[] },
): Route[] {
  if (!aliasGatewaySchema.safeParse(spec).success) return [];
  const { namespace = '', name = '' } = metadata ?? {};
  const service = aliasServiceNameOf(name);
  if (service === undefined) return [];
  return aliasHostsOf(service, namespace, clusterDomain).map((host) => ({ ...route, host, path: '/', callers: networks }));
}

function destinationOf(
  { nucliofunction, port, rewriteTarget }: ApiGatewayUpstream,
  namespace: string,
  findService: FindService,
): Destination {
  const service = findService(namespace, objectNameOf(nucliofunction?.name ?? ''));
  return { ...serviceDestinationOf(service, port || ports.http), ...(rewriteTarget ? { rewriteTarget } : {}) };
}
