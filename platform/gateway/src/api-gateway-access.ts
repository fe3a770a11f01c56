import type { ApiGateway } from '@ampoule/platform-api/api-gateway';
import {
  type ApiGatewayAuthentication,
  type ApiGatewayRateLimit,
  authenticationModes,
  PASSWORD_FIELD,
} from '@ampoule/platform-api/api-gateway-access';
import { keyOf, type RawObject } from '@ampoule/platform-api/kube/resources';
import { isOwnReference } from '@ampoule/platform-api/mask';
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
      return { basicAuth: { username: basicAuth?.username ?? '', hash: hashOf(basicAuth ?? {}, uid) } };
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

/** A password that stands in the gateway comes from kubectl, and is newer than any hash beside it. */
function hashOf({ password = '', passwordHash }: NonNullable<ApiGatewayAuthentication['basicAuth']>, uid: string): string {
  if (!isOwnReference(password, PASSWORD_FIELD)) return passwordHashOf(password, uid);
  if (passwordHash !== undefined) return passwordHash;
  throw new Error('spec.authentication.basicAuth refers to a password that was taken out, and has no passwordHash; set the password anew');
}
