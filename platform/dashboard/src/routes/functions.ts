import { setTimeout as delay } from 'node:timers/promises';
import { labels } from '@ampoule/platform-api/constants';
import { parseDuration } from '@ampoule/platform-api/duration';
import { type FunctionConfig, functionConfigSchema } from '@ampoule/platform-api/function';
import * as z from 'zod';
import { dashboardError, invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import { exportQuery, targetSchema } from '../http/schemas.ts';
import { desireState } from '../stores/desired-state.ts';
import { cleanedFunctionOf, exportedFunctionOf } from '../stores/function-view.ts';
import { byName, exportedSchema, type Stored, selectorOf, storedSchema } from '../stores/resource-store.ts';
import type { Stores } from '../stores/stores.ts';

const targetFunction = targetSchema('Function name must be provided in metadata');
const stateSchema = z.looseObject({
  desiredState: z.enum(['ready', 'scaledToZero'], { error: 'Only ready and scaledToZero can be desired' }),
});
const CREATION_TIMEOUT = '1m';

const readHeaders = [headers.functionNamespace, headers.enrichApiGateways, headers.specCleanup, headers.exportSecrets] as const;
const writeHeaders = [headers.functionNamespace, headers.projectName, headers.wait, headers.creationTimeout, headers.autofix] as const;

/** /api/functions, as in Nuclio. */
export function functionRoutes({ functions, gateways }: Stores, defaultNamespace: string): ApiRoute[] {
  const namespaceOf = ({ header }: Call) => header(headers.functionNamespace) ?? defaultNamespace;

  /** The form in which a request wants functions. */
  async function viewsOf(call: Call<z.output<typeof exportQuery>>, found: readonly Stored[]): Promise<Record<string, object>> {
    if (call.query.export === 'true') {
      return byName(await functions.exported(found, call.flag(headers.exportSecrets)), exportedFunctionOf);
    }
    const byFunction = call.flag(headers.enrichApiGateways) ? await gateways.namesByFunction(namespaceOf(call)) : undefined;
    return byName(found, (fn) => {
      const cleaned = call.header(headers.specCleanup) === undefined ? fn : cleanedFunctionOf(fn);
      if (byFunction === undefined) return cleaned;
      return { ...cleaned, status: { ...cleaned.status, apiGateways: byFunction.get(fn.metadata.name) ?? [] } };
    });
  }

  const write = async (call: Call<unknown, FunctionConfig>, method: 'deploy' | 'redeploy') => {
    const config = withProject(call.body, call.header(headers.projectName));
    const namespace = config.metadata.namespace || namespaceOf(call);
    await withinCreationTime(call, () => functions[method](config, namespace, call.flag(headers.autofix)));
    if (call.flag(headers.wait)) await functions.waitUntilStable(namespace, config.metadata.name, call.signal);
  };
  const update = {
    method: 'PUT',
    headers: writeHeaders,
    body: functionConfigSchema,
    status: 202,
    failures: [400, 409, 412],
    handle: (call: Call<unknown, FunctionConfig>) => write(call, 'redeploy'),
  } as const;

  return [
    defineRoute({
      method: 'GET',
      url: '/api/functions',
      summary: 'List functions by their names; those that run versions of others only where they are asked for by name.',
      headers: [...readHeaders, headers.functionName, headers.projectName],
      query: exportQuery,
      status: 200,
      answer: z.record(z.string(), z.union([storedSchema, exportedSchema])),
      failures: [400],
      async handle(call) {
        const project = call.header(headers.projectName);
        const name = call.header(headers.functionName);
        const selector = project === undefined ? undefined : selectorOf(labels.project, project);
        if (name === undefined) return viewsOf(call, await functions.listDeployed(namespaceOf(call), selector));
        const found = await functions.list(namespaceOf(call), selector);
        return viewsOf(
          call,
          found.filter(({ metadata }) => metadata.name === name),
        );
      },
    }),
    defineRoute({
      method: 'GET',
      url: '/api/functions/:id',
      summary: 'One function.',
      headers: readHeaders,
      query: exportQuery,
      status: 200,
      answer: z.union([storedSchema, exportedSchema]),
      failures: [400, 404],
      async handle(call) {
        const found = await functions.get(namespaceOf(call), call.params.id ?? '');
        return (await viewsOf(call, [found]))[found.metadata.name];
      },
    }),
    defineRoute({
      method: 'POST',
      url: '/api/functions',
      summary: 'Create a function; it is built and deployed after the answer, unless the caller wants to wait.',
      headers: writeHeaders,
      body: functionConfigSchema,
      status: 202,
      failures: [400, 409, 412],
      handle: (call) => write(call, 'deploy'),
    }),
    defineRoute({ ...update, url: '/api/functions', summary: 'Replace the function that the body names, or create it.' }),
    defineRoute({ ...update, url: '/api/functions/:id', summary: 'As without an id, which is not looked at.' }),
    defineRoute({
      method: 'PATCH',
      url: '/api/functions/:id',
      summary: 'Bring a function to another state without a change of what it is.',
      headers: [headers.functionNamespace, headers.importedOnly, headers.verifyRegistry, headers.creationTimeout, headers.wait],
      body: stateSchema,
      status: 202,
      failures: [400, 404, 409, 412],
      async handle(call) {
        if (call.flag(headers.verifyRegistry)) {
          throw dashboardError('AMP_FUNCTION_CONDITION', {
            what: 'Function images are in the registry of the appliance, not in an external one',
            fix: `Leave out the header ${headers.verifyRegistry}.`,
          });
        }
        const namespace = namespaceOf(call);
        const name = call.params.id ?? '';
        const wanted = { state: call.body.desiredState, importedOnly: call.flag(headers.importedOnly) };
        await withinCreationTime(call, () => desireState(functions, namespace, name, wanted));
        if (call.flag(headers.wait)) await functions.waitUntilStable(namespace, name, call.signal);
      },
    }),
    defineRoute({
      method: 'DELETE',
      url: '/api/functions',
      summary: 'Remove a function with its events; one that is not there is as good as removed.',
      headers: [headers.functionNamespace, headers.ignoreState, headers.withApiGateways],
      body: targetFunction,
      status: 204,
      failures: [400, 409, 412],
      async handle(call) {
        const { name, namespace, resourceVersion } = call.body.metadata;
        await functions.delete(namespace || namespaceOf(call), name, {
          ignoreState: call.flag(headers.ignoreState),
          withApiGateways: call.flag(headers.withApiGateways),
          resourceVersion,
        });
      },
    }),
  ];
}

/** The header can say the project of a function. */
function withProject(config: FunctionConfig, project: string | undefined): FunctionConfig {
  if (project === undefined) return config;
  return { ...config, metadata: { ...config.metadata, labels: { ...config.metadata.labels, [labels.project]: project } } };
}

/** Ends as `work` does, or with an error when the new state is not written in the time that the header gives. */
async function withinCreationTime(call: Call, work: () => Promise<void>): Promise<void> {
  const text = call.header(headers.creationTimeout) ?? CREATION_TIMEOUT;
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw invalidRequest(`Creation state updated timeout ${text} is not a duration such as 30s or 1m30s`);
  const timer = new AbortController();
  const late = delay(milliseconds, undefined, { signal: timer.signal }).then(() => {
    throw dashboardError('AMP_WAIT_TIMEOUT', {
      what: 'Timed out waiting for creation state to be set',
      fix: 'Look at the state of the function; the change may have been made since.',
    });
  });
  late.catch(() => undefined);
  try {
    await Promise.race([work(), late]);
  } finally {
    timer.abort();
  }
}
