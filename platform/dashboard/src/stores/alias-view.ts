import { isDeepStrictEqual } from 'node:util';
import {
  type Alias,
  aliasSchema,
  aliasServiceNameOf,
  aliasUpstreamsOf,
  rolloutStatusSchema,
  versionFunctionNameOf,
} from '@ampoule/platform-api/alias';
import { type ApiGatewayUpstream, apiGatewaySpecSchema } from '@ampoule/platform-api/api-gateway';
import { ports } from '@ampoule/platform-api/constants';
import * as z from 'zod';
import { condition } from './function-store.ts';
import type { Draft, Stored } from './resource-store.ts';

/** The spec of an API gateway that is an alias. */
export const aliasSpecSchema = z.looseObject({ alias: aliasSchema, host: z.string().default(''), path: z.string().default('/') });
const ledSchema = aliasSpecSchema.extend({ upstreams: apiGatewaySpecSchema.shape.upstreams });
const statusSchema = z.looseObject({ rollout: rolloutStatusSchema });

export function isAliasOf({ spec }: Stored, functionName: string): boolean {
  return aliasSpecSchema.safeParse(spec).data?.alias.function === functionName;
}

/** An alias without its canary that leads to a version. */
export function ledTo({ canary, ...alias }: Alias, version: number): Alias {
  if (version === alias.version) return alias;
  return { ...alias, version, previousVersion: alias.version };
}

/**
 * A canary that is taken away loses its calls at once, whoever sees to aliases. They stay with who has the others, which need not be the
 * version of the alias: that one may not serve yet.
 */
export function draftOf({ metadata: { name, namespace, labels: own, annotations }, spec, status }: Stored, alias: Alias): Draft {
  const { alias: before, upstreams: now } = ledSchema.parse(spec);
  const gone = before.canary?.version;
  const isTakenAway = gone !== undefined && gone !== alias.version && gone !== alias.canary?.version;
  const upstreams = isTakenAway ? { upstreams: withoutVersion(now ?? [], alias, gone) } : {};
  return { metadata: { name, namespace, labels: own, annotations }, spec: { ...spec, ...upstreams, alias }, status };
}

function withoutVersion(upstreams: readonly ApiGatewayUpstream[], alias: Alias, version: number): object[] {
  const name = versionFunctionNameOf(alias.function, version);
  const others = upstreams.filter(({ nucliofunction }) => nucliofunction?.name !== name);
  return others.length === 0 ? aliasUpstreamsOf({ ...alias, canary: undefined }, 0) : others.map(({ percentage, ...rest }) => rest);
}

/**
 * A replacement for an API gateway that may be an alias. Where an alias leads to is the business of its function and of the controller, so
 * both that and how far the controller is with it stay. @throws AMP_FUNCTION_CONDITION
 */
export function keepingAlias(draft: Draft, { spec, status }: Stored): Draft {
  const current = aliasSpecSchema.safeParse(spec).data?.alias;
  if (current === undefined) return draft;
  const given = 'alias' in draft.spec ? draft.spec.alias : undefined;
  if (given !== undefined && given !== null && !isDeepStrictEqual(aliasSchema.safeParse(given).data, current)) {
    const path = `/api/functions/${current.function}/aliases`;
    throw condition('An alias is not changed by a replacement of its API gateway', `Leave spec.alias as it is, and change it by ${path}.`);
  }
  const rollout = statusSchema.safeParse(status).data?.rollout;
  return {
    ...draft,
    spec: { ...draft.spec, alias: current, upstreams: spec.upstreams },
    status: { ...draft.status, ...(rollout === undefined ? {} : { rollout }) },
  };
}

/** An alias as callers see it. */
export function viewOf({ metadata, status }: Stored, { alias, host, path }: z.output<typeof aliasSpecSchema>) {
  const { version, previousVersion, canary } = alias;
  const rollout = statusSchema.safeParse(status).data?.rollout;
  const service = aliasServiceNameOf(metadata.name);
  return {
    name: metadata.name.slice(alias.function.length + 1),
    gateway: metadata.name,
    version,
    ...(previousVersion === undefined ? {} : { previousVersion }),
    host,
    path,
    ...(service === undefined ? {} : { internalInvocationUrl: `${service}.${metadata.namespace}.svc:${ports.http}` }),
    ...(canary ? { canary } : {}),
    phase: rollout?.phase ?? 'Starting',
    /** The share that the canary has now. */
    weight: canary ? (rollout?.weight ?? 0) : 0,
    message: rollout?.conditions[0]?.message ?? '',
  };
}
