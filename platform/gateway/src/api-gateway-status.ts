import { type ApiGatewayStatus, apiGatewayStatusSchema } from '@ampoule/platform-api/api-gateway';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { KubeClient, RecursivePartial } from '@ampoule/platform-api/kube/client';
import { type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import type { Planner } from './planner.ts';
import type { Programmer } from './programmer.ts';

const CHECK_MS = 100;
/** Whoever had the address of another gateway may have gone; its key does not come here by that. */
const PROBLEM_CHECK_MS = 2000;

interface StatusOptions {
  client: KubeClient;
  apiGateways: Cache<RawObject>;
  planner: Pick<Planner, 'plan'>;
  programmer: Pick<Programmer, 'isSettled'>;
}

/** Makes each API gateway say whether it is served, and if not, why. */
export function apiGatewayStatusReconciler({ client, apiGateways, planner, programmer }: StatusOptions) {
  return async (key: string): Promise<{ requeueAfterMs: number } | undefined> => {
    const object = apiGateways.get(key);
    if (object === undefined) return undefined;
    const problem = planner.plan().problems.get(key);
    if (problem === undefined && !programmer.isSettled) return { requeueAfterMs: CHECK_MS };
    const { namespace = '', name = '', resourceVersion } = object.metadata ?? {};
    const wanted: ApiGatewayStatus =
      problem === undefined ? { name, state: 'ready', last_error: '' } : { name, state: 'error', last_error: problem };
    const next = problem === undefined ? undefined : { requeueAfterMs: PROBLEM_CHECK_MS };
    if (isSame(object.status, wanted)) return next;
    const metadata = { namespace, name, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    await client.patch<RawObject>(resources.apiGateways, { metadata, status: wanted } as RecursivePartial<RawObject>);
    return next;
  };
}

function isSame(found: unknown, wanted: ApiGatewayStatus): boolean {
  const { data } = apiGatewayStatusSchema.safeParse(found ?? {});
  return data !== undefined && data.state === wanted.state && (data.last_error ?? '') === wanted.last_error && data.name === wanted.name;
}
