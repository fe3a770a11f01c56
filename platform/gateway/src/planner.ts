import { isAliasHost } from '@ampoule/platform-api/alias';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import type { V1Ingress } from '@ampoule/platform-api/kube/types';
import { type ApiGatewayPlan, planApiGateways } from './api-gateways.ts';
import { type FindService, routesOf, serviceDestinationOf } from './routes.ts';

/** Takes what is to be done without its caller: `platform/invoker`. */
const INVOKER = { namespace: 'ampoule-system', name: 'invoker', port: 'intake' };

export interface PlannerOptions {
  ingresses: () => readonly V1Ingress[];
  apiGateways: () => readonly RawObject[];
  findService: FindService;
  clusterDomain: string;
  /** Where callers inside of the cluster have their addresses. */
  networks: readonly string[];
  /** As Caddy sees it. */
  invokerTokenFile: string;
}

/** The routes of everything, worked out once after each change. */
export class Planner {
  readonly #options: PlannerOptions;
  #plan: ApiGatewayPlan | undefined;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  changed(): void {
    this.#plan = undefined;
  }

  plan(): ApiGatewayPlan {
    this.#plan ??= this.#make();
    return this.#plan;
  }

  #make(): ApiGatewayPlan {
    const { ingresses, apiGateways, findService, clusterDomain, networks, invokerTokenFile: tokenFile } = this.#options;
    const ofIngresses = routesOf(ingresses(), findService).filter(({ host = '' }) => !isAliasHost(host));
    const { routes, problems } = planApiGateways(apiGateways(), ofIngresses, { findService, clusterDomain, networks });
    const { upstream } = serviceDestinationOf(findService(INVOKER.namespace, INVOKER.name), INVOKER.port);
    const invoker = upstream === undefined ? {} : { invoker: { upstream, tokenFile } };
    return { routes: [...ofIngresses, ...routes].map((route) => ({ ...route, ...invoker })), problems };
  }
}
