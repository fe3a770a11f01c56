import { apiGatewaySchema, apiGatewaySpecSchema, upstreamFunctionsOf } from '@ampoule/platform-api/api-gateway';
import { labels } from '@ampoule/platform-api/constants';
import * as z from 'zod';
import { invalidRequest } from '../errors.ts';
import { headers } from '../headers.ts';
import { type ApiRoute, type Call, defineRoute } from '../http/route.ts';
import { exportQuery, targetSchema } from '../http/schemas.ts';
import { exportedSchema, type Stored, selectorOf, storedSchema } from '../stores/resource-store.ts';
import type { Stores } from '../stores/stores.ts';

const writeHeaders = [headers.gatewayNamespace, headers.projectName, headers.validateFunctions] as const;

/** /api/api_gateways, as in Nuclio. */
export function apiGatewayRoutes({ gateways }: Stores, defaultNamespace: string): ApiRoute[] {
  const namespaceOf = ({ header }: Call) => header(headers.gatewayNamespace) ?? defaultNamespace;
  const viewOf = ({ query, flag }: Call<z.output<typeof exportQuery>>) => {
    if (query.export !== 'true') return async (gateway: Stored) => gateways.shown(gateway);
    return (gateway: Stored) => gateways.exported(gateway, flag(headers.exportSecrets));
  };

  return [
    defineRoute({
      method: 'GET',
      url: '/api/api_gateways',
      summary: 'List API gateways by their names.',
      headers: [headers.gatewayNamespace, headers.projectName, headers.functionName, headers.exportSecrets],
      query: exportQuery,
      status: 200,
      answer: z.record(z.string(), z.union([storedSchema, exportedSchema])),
      failures: [400],
      async handle(call) {
        const project = call.header(headers.projectName);
        const functionName = call.header(headers.functionName);
        const found = await gateways.list(namespaceOf(call), project === undefined ? undefined : selectorOf(labels.project, project));
        const wanted = found.filter(
          ({ spec }) => functionName === undefined || upstreamFunctionsOf(apiGatewaySpecSchema.parse(spec)).includes(functionName),
        );
        const view = viewOf(call);
        return Object.fromEntries(await Promise.all(wanted.map(async (gateway) => [gateway.metadata.name, await view(gateway)])));
      },
    }),
    defineRoute({
      method: 'GET',
      url: '/api/api_gateways/:id',
      summary: 'One API gateway.',
      headers: [headers.gatewayNamespace, headers.exportSecrets],
      query: exportQuery,
      status: 200,
      answer: z.union([storedSchema, exportedSchema]),
      failures: [400, 404],
      async handle(call) {
        return viewOf(call)(await gateways.get(namespaceOf(call), call.params.id ?? ''));
      },
    }),
    defineRoute({
      method: 'POST',
      url: '/api/api_gateways',
      summary: 'Create an API gateway.',
      headers: writeHeaders,
      body: apiGatewaySchema,
      status: 201,
      answer: storedSchema,
      failures: [400, 404, 409, 412],
      async handle(call) {
        const gateway = withProject(call);
        const namespace = gateway.metadata.namespace || namespaceOf(call);
        return gateways.shown(await gateways.add(gateway, namespace, call.flag(headers.validateFunctions)));
      },
    }),
    defineRoute({
      method: 'PUT',
      url: '/api/api_gateways/:id',
      summary: 'Replace an API gateway.',
      headers: writeHeaders,
      body: apiGatewaySchema,
      status: 204,
      failures: [400, 404, 409, 412],
      async handle(call) {
        const gateway = withProject(call);
        const { name, namespace } = gateway.metadata;
        if (name !== call.params.id)
          throw invalidRequest(`Api gateway name ${name} in metadata differs from ${call.params.id} in the path`);
        await gateways.change(gateway, namespace || namespaceOf(call), call.flag(headers.validateFunctions));
      },
    }),
    defineRoute({
      method: 'DELETE',
      url: '/api/api_gateways',
      summary: 'Remove an API gateway; one that is not there is as good as removed.',
      headers: [headers.gatewayNamespace],
      body: targetSchema('Api gateway name must be provided in metadata'),
      status: 204,
      failures: [400],
      async handle(call) {
        await gateways.remove(call.body.metadata.namespace || namespaceOf(call), call.body.metadata.name);
      },
    }),
  ];
}

/** The header can say the project of a gateway. */
function withProject({ body, header }: Call<unknown, z.output<typeof apiGatewaySchema>>): z.output<typeof apiGatewaySchema> {
  const project = header(headers.projectName);
  if (project === undefined) return body;
  return { ...body, metadata: { ...body.metadata, labels: { ...body.metadata.labels, [labels.project]: project } } };
}
