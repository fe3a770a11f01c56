import {
  type Alias,
  aliasSchema,
  aliasUpstreamsOf,
  type RolloutStatus,
  rolloutStatusSchema,
  versionFunctionNameOf,
} from '@ampoule/platform-api/alias';
import { type ApiGatewaySpec, apiGatewaySpecSchema, sharesOf, upstreamFunctionsOf } from '@ampoule/platform-api/api-gateway';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import * as z from 'zod';

const claimSchema = z.looseObject({ alias: z.looseObject({}) });
const specSchema = apiGatewaySpecSchema.extend({ alias: aliasSchema });
const statusSchema = z.looseObject({ rollout: rolloutStatusSchema });

/** An API gateway that is an alias. */
export interface AliasGateway {
  object: RawObject;
  alias: Alias;
  spec: ApiGatewaySpec;
  /** What was last said of it. */
  rollout: RolloutStatus | undefined;
}

/** Undefined where a gateway is no alias; what is wrong with one that is to be. */
export function aliasGatewayOf(object: RawObject): AliasGateway | { mistake: string } | undefined {
  if (!claimSchema.safeParse(object.spec).success) return undefined;
  const parsed = specSchema.safeParse(object.spec);
  if (!parsed.success) return { mistake: z.prettifyError(parsed.error) };
  return { object, alias: parsed.data.alias, spec: parsed.data, rollout: rolloutOf(object) };
}

export function rolloutOf({ status }: RawObject): RolloutStatus | undefined {
  return statusSchema.safeParse(status).data?.rollout;
}

/** The functions that a gateway sends calls to now, and those that it is to. */
export function functionsOf(object: RawObject): string[] {
  const now = apiGatewaySpecSchema.safeParse(object.spec).data ?? {};
  const found = aliasGatewayOf(object);
  if (found === undefined || 'mistake' in found) return upstreamFunctionsOf(now);
  const { alias } = found;
  const versions = [alias.version, ...(alias.canary ? [alias.canary.version] : [])];
  return [...upstreamFunctionsOf(now), ...versions.map((version) => versionFunctionNameOf(alias.function, version))];
}

/** Whether calls go where they are to. */
export function hasShares(spec: ApiGatewaySpec, alias: Alias, weight: number): boolean {
  const wanted = apiGatewaySpecSchema.parse({ upstreams: aliasUpstreamsOf(alias, weight) });
  return JSON.stringify(whereTo(spec)) === JSON.stringify(whereTo(wanted));
}

function whereTo(spec: ApiGatewaySpec): unknown {
  const shares = sharesOf(spec);
  return [shares?.primary.nucliofunction?.name, shares?.canary?.nucliofunction?.name, shares?.canary?.percentage];
}
