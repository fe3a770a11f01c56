import * as z from 'zod';
import { reservedFunctionNames } from './constants.ts';
import { platformError } from './errors.ts';
import { dnsLabel, metadataShape, strings } from './metadata.ts';

export const apiGatewayStates = ['', 'ready', 'error', 'waitingForProvisioning'] as const;

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

export const apiGatewaySpecSchema = z.looseObject({
  host: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  path: z.string().optional(),
  authenticationMode: z.enum(['none', 'basicAuth', 'accessKey', 'oauth2', '']).optional(),
  authentication: z
    .looseObject({
      basicAuth: z.looseObject({ username: z.string().optional(), password: z.string().optional() }).nullish(),
      dexAuth: z.looseObject({ oauth2ProxyUrl: z.string().optional(), redirectUnauthorizedToSignIn: z.boolean().optional() }).nullish(),
    })
    .nullish(),
  upstreams: z.array(upstreamSchema).nullish(),
});
export type ApiGatewaySpec = z.output<typeof apiGatewaySpecSchema>;

export const apiGatewayStatusSchema = z.looseObject({
  name: z.string().optional(),
  last_error: z.string().optional(),
  description: z.string().optional(),
  state: z.enum(apiGatewayStates).optional(),
});

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
  const mistakes = [...nameMistakes(metadata.name, spec), ...upstreamMistakes(spec), ...accessMistakes(spec)];
  if (mistakes.length === 0) return;
  throw platformError('AMP_API_GATEWAY_INVALID', { what: mistakes.join('; '), fix: 'Correct the API gateway, then send it again.' });
}

function* nameMistakes(name: string, spec: ApiGatewaySpec): Generator<string> {
  if (spec.name !== name) yield 'Api gateway metadata.name must match api gateway spec.name';
  if (!spec.host) yield 'Host must be provided in spec';
  if (spec.path && !/^\/[\w\-./~%!$&'()*+,;=:@]*$/.test(spec.path)) yield `Path ${JSON.stringify(spec.path)} is not valid`;
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
}

function* accessMistakes({ authenticationMode, authentication }: ApiGatewaySpec): Generator<string> {
  if (authenticationMode !== 'basicAuth') return;
  const { username, password } = authentication?.basicAuth ?? {};
  if (!username || !password) yield 'Username and password must be provided for basic authentication';
}
