import type { ApiGateway } from '@ampoule/platform-api/api-gateway';
import { type ApiGatewayRateLimit, authenticationModes } from '@ampoule/platform-api/api-gateway-access';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import { passwordHashOf } from './password-hash.ts';
import type { Access } from './routes.ts';

/** Who may call a gateway that was found to be right, and how often. */
export function accessOf({ spec }: ApiGateway, object: RawObject): Access {
  const { rateLimit, cors } = spec;
  return {
    ...callersOf(spec, object.metadata?.uid ?? ''),
    ...(rateLimit ? { rateLimit: limitOf(rateLimit, keyOf(object)) } : {}),
    ...(cors ? { cors } : {}),
  };
}

function limitOf({ requestsPerSecond, burst, per }: ApiGatewayRateLimit, name: string): Required<Access>['rateLimit'] {
  return { name, requestsPerSecond, burst: burst ?? Math.ceil(requestsPerSecond), per: per ?? 'gateway' };
}

function callersOf({ authenticationMode = 'none', authentication }: ApiGateway['spec'], uid: string): Access {
  const { basicAuth, accessKeys, jwt, clientCertificate } = authentication ?? {};
  switch (authenticationMode) {
    case 'none':
      return {};
    case 'basicAuth': {
      const { username = '', password = '' } = basicAuth ?? {};
      return { basicAuth: { username, hash: passwordHashOf(password, uid) } };
    }
    case 'accessKey':
      return { accessKeys: accessKeys ?? [] };
    case 'jwt':
      return { jwt: jwt ?? {} };
    case 'clientCertificate':
      return { clientCa: clientCertificate?.ca ?? '' };
    default:
      throw new Error(`Authentication mode ${authenticationMode} is not supported; use one of: ${authenticationModes.join(', ')}`);
  }
}
