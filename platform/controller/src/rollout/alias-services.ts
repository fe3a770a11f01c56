import { aliasCallNameOf, aliasServiceNameOf } from '@ampoule/platform-api/alias';
import { api, labels } from '@ampoule/platform-api/constants';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { V1Service } from '@ampoule/platform-api/kube/types';
import { contains } from '../contains.ts';

/** What marks the Services of aliases. */
export const ALIAS_SERVICES = `${labels.class}=alias`;
/** Of all hosts' gateways; they know aliases by the names that they are called by. */
const GATEWAY = 'gateway.ampoule-ingress.svc';
const FIELD_MANAGER = 'ampoule-controller';

export interface AliasServicesOptions {
  client: KubeClient;
  functions: Cache<RawObject>;
  aliasServices: Cache<V1Service>;
  clusterDomain: string;
}

/** Gives aliases names inside of the cluster, which lead to the gateways, so that weights and access are the same as outside. */
export class AliasServices {
  readonly #options: AliasServicesOptions;

  constructor(options: AliasServicesOptions) {
    this.#options = options;
  }

  /** Sees to it that there is the Service of an alias; it vanishes together with the API gateway. */
  async ensure({ metadata }: RawObject): Promise<void> {
    const { client, functions, aliasServices, clusterDomain } = this.#options;
    const { namespace = '', name = '', uid = '' } = metadata ?? {};
    const serviceName = aliasServiceNameOf(name);
    // A function of this name has the Service of this name.
    if (serviceName === undefined || functions.get(`${namespace}/${aliasCallNameOf(name)}`) !== undefined) return;
    const service = {
      metadata: {
        name: serviceName,
        namespace,
        labels: { [labels.class]: 'alias', [labels.apiGateway]: name },
        ownerReferences: [{ apiVersion: api.apiVersion, kind: 'NuclioAPIGateway', name, uid }],
      },
      spec: { type: 'ExternalName', externalName: `${GATEWAY}.${clusterDomain}` },
    };
    if (!contains(aliasServices.get(`${namespace}/${serviceName}`), service))
      await client.apply(resources.services, service, FIELD_MANAGER);
  }
}
