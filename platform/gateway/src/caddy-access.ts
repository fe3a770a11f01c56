import type { Access, Route } from './routes.ts';

/** How often each password was right is remembered, since the check is made to be slow. */
const HASH_CACHE = {};
const CALLER_HEADER = 'X-Ampoule-Caller';

/**
 * What a request has to pass before it reaches its function. A limit for each address comes first, so that it slows down guessing too;
 * other limits come last, so that who may not call uses up nothing of them.
 */
export function accessHandlersOf({ rateLimit, ...access }: Access): object[] {
  const limit = rateLimit === undefined ? [] : [limitOf(rateLimit)];
  const callers = callerHandlersOf(access);
  return rateLimit?.per === 'ip' ? [...limit, ...callers] : [...callers, ...limit];
}

/**
 * What the proxy tells the function of the caller, in the place of whatever the client says under the same names. The proxy does it, since
 * a client can have any header that was set before taken off by naming it in `Connection`.
 */
export function callerHeadersOf(route: Route): { set: Record<string, string[]>; delete: string[] } {
  if (callerHandlersOf(route).length === 0) return { set: {}, delete: [CALLER_HEADER] };
  const ofClaims = Object.values(route.jwt?.claimHeaders ?? {}).map((header) => [header, [`{http.auth.user.${header}}`]] as const);
  return { set: { [CALLER_HEADER]: ['{http.auth.user.id}'], ...Object.fromEntries(ofClaims) }, delete: [] };
}

function callerHandlersOf({ basicAuth, accessKeys, jwt, clientCa }: Access): object[] {
  if (basicAuth !== undefined) return [passwordOf(basicAuth)];
  if (accessKeys !== undefined) return [{ handler: 'ampoule_access_key', keys: accessKeys.map(({ name, sha256 }) => ({ name, sha256 })) }];
  if (jwt !== undefined) return [tokenOf(jwt)];
  if (clientCa !== undefined) return [{ handler: 'ampoule_client_certificate', ca: clientCa }];
  return [];
}

function passwordOf({ username, hash: password }: NonNullable<Access['basicAuth']>): object {
  const accounts = [{ username, password }];
  const basic = { hash: { algorithm: 'bcrypt' }, hash_cache: HASH_CACHE, realm: 'Authentication Required', accounts };
  return { handler: 'authentication', providers: { http_basic: basic } };
}

function tokenOf({ issuer, audiences, jwks, jwksUrl, jwksCa, claimHeaders }: NonNullable<Access['jwt']>): object {
  const keys = jwksUrl ? { jwksUrl, ...(jwksCa === undefined ? {} : { jwksCa }) } : { jwks };
  return { handler: 'ampoule_jwt', issuer, audiences: audiences ?? [], ...keys, claimHeaders: claimHeaders ?? {} };
}

function limitOf({ name, requestsPerSecond, burst, per }: NonNullable<Access['rateLimit']>): object {
  return { handler: 'ampoule_rate_limit', name, requestsPerSecond, burst, per };
}
