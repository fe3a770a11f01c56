import * as z from 'zod';
import { parseDuration } from './duration.ts';
import { objectNameOf } from './names.ts';

export { versionLabels } from './constants.ts';

const version = z.int().positive();

/** How a canary gets its share; weights are percentages of the calls. */
export const canaryFields = {
  /** The share at the beginning: a step by default. */
  weight: z.int().min(1).max(100).optional(),
  /** With 0 the share stays as it is, until somebody promotes the version or goes back. */
  stepWeight: z.int().min(0).max(100).default(20),
  /** How long a share is watched before the next step, as Go writes it. */
  interval: z
    .string()
    .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a duration such as 30s or 1m30s')
    .default('1m'),
  /** Percentage of the calls that may fail; above it the version goes back. */
  maxErrorRate: z.number().min(0).max(100).default(1),
  /** Of fewer calls nothing is concluded. */
  minRequests: z.int().min(0).default(10),
  /** A step that takes longer than this goes back, as where nobody calls. */
  progressDeadlineSeconds: z.int().positive().default(600),
};

/** A newer version that gets a share of the calls. */
export const canarySchema = z
  .looseObject({ version, ...canaryFields })
  .refine(({ interval, progressDeadlineSeconds }) => (parseDuration(interval) ?? 0) < progressDeadlineSeconds * 1000, {
    message: 'must be longer than the interval',
    path: ['progressDeadlineSeconds'],
  })
  .refine(({ weight, stepWeight }) => weight !== undefined || stepWeight > 0, {
    message: 'must be given where stepWeight is 0',
    path: ['weight'],
  });
export type Canary = z.output<typeof canarySchema>;

/** Ours, `spec.alias` of an API gateway: its upstreams are versions of this function, and are set by the controller. */
export const aliasSchema = z.looseObject({
  function: z.string().min(1),
  /** The stable version. */
  version,
  /** The one before, to which a rollback goes. */
  previousVersion: version.optional(),
  canary: canarySchema.nullish(),
});
export type Alias = z.output<typeof aliasSchema>;

export const rolloutPhases = ['Starting', 'Stable', 'Progressing', 'Succeeded', 'RolledBack', 'Failed'] as const;

/** `status.rollout` of such a gateway. */
export const rolloutStatusSchema = z.looseObject({
  phase: z.enum(rolloutPhases),
  stableVersion: z.int(),
  canaryVersion: z.int().nullish(),
  /** The share that the canary has now. */
  weight: z.int().default(0),
  /** When the share became this. */
  steppedAt: z.string().default(''),
  conditions: z
    .array(
      z.looseObject({
        type: z.string(),
        status: z.enum(['True', 'False', 'Unknown']),
        reason: z.string(),
        message: z.string(),
        lastTransitionTime: z.string(),
      }),
    )
    .default([]),
});
export type RolloutStatus = z.output<typeof rolloutStatusSchema>;

/** The function that runs a version of another one. */
export function versionFunctionNameOf(functionName: string, number: number): string {
  return `${functionName}-v${number}`;
}

/** The API gateway that is an alias of a function. */
export function aliasGatewayNameOf(functionName: string, alias: string): string {
  return `${functionName}-${alias}`;
}

const SERVICE_PREFIX = objectNameOf('alias-');
const MAX_SERVICE_NAME = 63;

/** The name by which functions call an alias as they call each other, by the name of its API gateway. */
export function aliasCallNameOf(gatewayName: string): string {
  return `alias-${gatewayName}`;
}

/** The Service by which an alias is called inside of the cluster, by the name of its API gateway; undefined where that is none for a Service. */
export function aliasServiceNameOf(gatewayName: string): string | undefined {
  const name = objectNameOf(aliasCallNameOf(gatewayName));
  return name.length > MAX_SERVICE_NAME || name.includes('.') ? undefined : name;
}

/** All names that the Service of an alias has, by its own: callers of its namespace may write as little as that. */
export function aliasHostsOf(serviceName: string, namespace: string, clusterDomain: string): string[] {
  const whole = `${serviceName}.${namespace}.svc`;
  return [serviceName, `${serviceName}.${namespace}`, whole, `${whole}.${clusterDomain}`];
}

/** Whether a host is kept for calls of aliases inside of the cluster. */
export function isAliasHost(host: string): boolean {
  return host.toLowerCase().startsWith(SERVICE_PREFIX);
}

/** The upstreams of an alias: of two, the one with a percentage is the canary. */
export function aliasUpstreamsOf({ function: name, version: stable, canary }: Alias, weight: number): object[] {
  const upstreamOf = (number: number) => ({ kind: 'nucliofunction', nucliofunction: { name: versionFunctionNameOf(name, number) } });
  if (!canary || weight === 0) return [upstreamOf(stable)];
  return [upstreamOf(stable), { ...upstreamOf(canary.version), percentage: weight }];
}
