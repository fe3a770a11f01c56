import * as z from 'zod';
import { isAliasHost } from './alias.ts';
import { authenticationSchema, rateLimitSchema } from './api-gateway-access.ts';
import { pathMistake } from './api-gateway-address.ts';
import { accessMistakes } from './api-gateway-validate-access.ts';
import { reservedFunctionNames } from './constants.ts';
import { platformError } from './errors.ts';
import { dnsLabel, metadataShape, strings } from './metadata.ts';

export const apiGatewayStates = ['', 'ready', 'error', 'waitingForProvisioning'] as const;

/** A host may begin with `*.`. Nothing in it means more than it says to who serves it. */
const HOST = /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;
/** Characters stand in it as they are, since requests are looked at decoded. */
const PATH = /^\/[\p{L}\p{M}\p{N}_\-./~!$&'()*+,;=:@]*$/u;
/** Braces would be placeholders to Caddy. */
const PLAIN = /^[^{}\s]*$/;
const UPSTREAM_KIND = 'nucliofunction';
const MAX_UPSTREAMS = 2;

const upstreamSchema = z.looseObject({
  kind: z.string().optional(),
  nucliofunction: z.looseObject({ name: z.string() }).nullish(),
  port: z.int().min(0).max(65_535).optional(),
  percentage: z.int().min(0).max(100).optional(),
  rewriteTarget: z.string().optional(),
  extraAnnotations: strings.nullish(),
  extraLabels: strings.nullish(),
});

export type ApiGatewayUpstream = z.output<typeof upstreamSchema>;

/** Ours: which pages of other origins may call. Nuclio's clients let it pass. */
const corsSchema = z.looseObject({
  enabled: z.boolean().optional(),
  /** `*`, or origins such as https://app.example. */
  allowOrigins: z.array(z.string()).nullish(),
  allowMethods: z.array(z.string()).nullish(),
  allowHeaders: z.array(z.string()).nullish(),
  exposeHeaders: z.array(z.string()).nullish(),
  allowCredentials: z.boolean().optional(),
  maxAgeSeconds: z.int().min(0).optional(),
});
export type ApiGatewayCors = z.output<typeof corsSchema>;

export const apiGatewaySpecSchema = z.looseObject({
  host: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  path: z.string().optional(),
  authenticationMode: z.enum(['none', 'basicAuth', 'accessKey', 'jwt', 'clientCertificate', 'oauth2', '']).optional(),
  authentication: authenticationSchema.nullish(),
  upstreams: z.array(upstreamSchema).nullish(),
  cors: corsSchema.nullish(),
  rateLimit: rateLimitSchema.nullish(),
});
export type ApiGatewaySpec = z.output<typeof apiGatewaySpecSchema>;

export const apiGatewayStatusSchema = z.looseObject({
  name: z.string().optional(),
  last_error: z.string().optional(),
  description: z.string().optional(),
  state: z.enum(apiGatewayStates).optional(),
});

export type ApiGatewayStatus = z.output<typeof apiGatewayStatusSchema>;

/** A public address before one function, or before two that share its traffic. */
export const apiGatewaySchema = z.looseObject({
  metadata: z.looseObject({ name: dnsLabel('Api gateway name must be provided in metadata'), ...metadataShape }),
  spec: apiGatewaySpecSchema.default({}),
  status: apiGatewayStatusSchema.optional(),
});
export type ApiGateway = z.output<typeof apiGatewaySchema>;

/** The functions that a gateway sends requests to. */
export function upstreamFunctionsOf(spec: ApiGatewaySpec): string[] {
  return (spec.upstreams ?? []).flatMap(({ nucliofunction }) => nucliofunction?.name ?? []);
}

/** The upstream for most requests, and the one that gets its percentage of them: of two, the first that names a percentage. */
export function sharesOf({
  upstreams,
}: ApiGatewaySpec): { primary: ApiGatewayUpstream; canary: ApiGatewayUpstream | undefined } | undefined {
  const [first, second] = upstreams ?? [];
  if (first === undefined) return undefined;
  if (second === undefined) return { primary: first, canary: undefined };
  return first.percentage ? { primary: second, canary: first } : { primary: first, canary: second };
}

/** Fills in what a gateway leaves out. */
export function enrichApiGateway(gateway: ApiGateway): ApiGateway {
  const { metadata, spec } = gateway;
  return {
    ...gateway,
    spec: { ...spec, name: spec.name || metadata.name, authenticationMode: spec.authenticationMode || 'none' },
  };
}

/**
 * Checks an enriched gateway for what its schema cannot say. Texts are Nuclio's where it has them.
 * @throws AMP_API_GATEWAY_NAME_RESERVED, AMP_API_GATEWAY_INVALID with all mistakes
 */
export function validateApiGateway({ metadata, spec }: ApiGateway): void {
  if (reservedFunctionNames.includes(metadata.name)) {
    throw platformError('AMP_API_GATEWAY_NAME_RESERVED', {
      what: `Api gateway name ${metadata.name} is reserved and cannot be used.`,
      fix: 'Choose another name.',
    });
  }
  const mistakes = [
    ...nameMistakes(metadata.name, spec),
    ...upstreamMistakes(spec),
    ...accessMistakes(spec),
    ...corsMistakes(spec.cors ?? {}),
  ];
  if (mistakes.length === 0) return;
  throw platformError('AMP_API_GATEWAY_INVALID', { what: mistakes.join('; '), fix: 'Correct the API gateway, then send it again.' });
}

function* nameMistakes(name: string, spec: ApiGatewaySpec): Generator<string> {
  if (spec.name !== name) yield 'Api gateway metadata.name must match api gateway spec.name';
  if (!spec.host) yield 'Host must be provided in spec';
  else if (!HOST.test(spec.host)) yield `Host ${JSON.stringify(spec.host)} is not valid`;
  else if (isAliasHost(spec.host)) yield `Host ${JSON.stringify(spec.host)} is kept for calls inside of the cluster`;
  const { path } = spec;
  if (!path) return;
  const mistake = pathMistake(path) ?? (PATH.test(path) ? undefined : `Path ${JSON.stringify(path)} is not valid`);
  if (mistake !== undefined) yield mistake;
}

function* upstreamMistakes({ upstreams }: ApiGatewaySpec): Generator<string> {
  const [first, ...others] = upstreams ?? [];
  if (first === undefined) yield 'One or more upstreams must be provided in spec';
  else if (first.kind !== UPSTREAM_KIND) {
    yield `Unsupported upstream kind: '${first.kind ?? ''}'. (Currently supporting only ${UPSTREAM_KIND})`;
  }
  if (others.length >= MAX_UPSTREAMS) yield `Received more than ${MAX_UPSTREAMS} upstreams. Currently not supported`;
  if (others.some(({ kind }) => kind !== first?.kind)) yield 'All upstreams must be of the same kind';
  if ((upstreams ?? []).some(({ nucliofunction }) => !nucliofunction?.name)) yield 'Each upstream must name a function';
  for (const { rewriteTarget = '' } of upstreams ?? []) {
    if (rewriteTarget !== '' && !(rewriteTarget.startsWith('/') && PLAIN.test(rewriteTarget))) {
      yield `Rewrite target ${JSON.stringify(rewriteTarget)} must begin with / and have neither spaces nor braces`;
    }
  }
}

function* corsMistakes({ allowOrigins, allowMethods, allowHeaders, exposeHeaders, allowCredentials }: ApiGatewayCors): Generator<string> {
  const words = [...(allowOrigins ?? []), ...(allowMethods ?? []), ...(allowHeaders ?? []), ...(exposeHeaders ?? [])];
  const wrong = words.find((word) => word === '' || !PLAIN.test(word));
  if (wrong !== undefined) yield `${JSON.stringify(wrong)} in spec.cors must have neither spaces nor braces`;
  if (allowCredentials === true && (allowOrigins ?? ['*']).includes('*')) yield 'Credentials cannot be allowed to all origins (spec.cors)';
}
