import { addressOf } from '@ampoule/platform-api/api-gateway-address';
import type { V1Ingress } from '@ampoule/platform-api/kube/types';

/** The addresses of an ingress that an older one has, which the gateway prefers. */
export function takenAddressesOf(own: V1Ingress, all: readonly V1Ingress[]): string[] {
  const age = ageOf(own);
  const taken = new Set(
    all
      .filter((other) => ageOf(other) < age)
      .flatMap(placesOf)
      .map(({ place }) => place),
  );
  return placesOf(own).flatMap(({ place, address }) => (taken.has(place) ? [address] : []));
}

/** Where requests are told apart; a path that is to be exact is not the one that others begin with. */
function placesOf({ spec }: V1Ingress): { place: string; address: string }[] {
  return (spec?.rules ?? []).flatMap(({ host = '', http }) =>
    (http?.paths ?? []).map(({ path = '/', pathType }) => {
      const address = addressOf(host, path);
      return { address, place: `${pathType === 'Exact' ? '=' : ''}${address}` };
    }),
  );
}

/** As the gateway orders them. */
function ageOf({ metadata }: V1Ingress): string {
  return `${metadata?.creationTimestamp ?? ''} ${metadata?.namespace}/${metadata?.name}`;
}
