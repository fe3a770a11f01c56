import { STATUS_CODES } from 'node:http';
import { apiGatewaySchema } from '@ampoule/platform-api/api-gateway';
import { functionConfigSchema } from '@ampoule/platform-api/function';
import { functionEventSchema } from '@ampoule/platform-api/function-event';
import { projectSchema } from '@ampoule/platform-api/project';
import * as z from 'zod';
import { storedSchema } from '../stores/resource-store.ts';
import { type ApiRoute, defineRoute } from './route.ts';
import { errorSchema } from './schemas.ts';

type Json = Record<string, unknown>;

/** Schemas that many operations share stand in the document once. */
const named: ReadonlyMap<z.ZodType, string> = new Map<z.ZodType, string>([
  [functionConfigSchema, 'Function'],
  [projectSchema, 'Project'],
  [apiGatewaySchema, 'ApiGateway'],
  [functionEventSchema, 'FunctionEvent'],
  [storedSchema, 'Stored'],
  [errorSchema, 'Error'],
]);

/** The OpenAPI document of the routes; it is made of what serves them, so it cannot tell anything else. */
export function openApiOf(routes: readonly ApiRoute[], version: string): object {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = pathOf(route.url);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Ampoule dashboard', version, description: "Nuclio's REST API. Lists are objects by name." },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: Object.fromEntries([...named].map(([schema, name]) => [name, jsonOf(schema)])),
    },
  };
}

/** The route that serves the document, which tells of this route too. */
export function openApiRoute(routes: readonly ApiRoute[], version: string): ApiRoute {
  const own: ApiRoute = defineRoute({
    method: 'GET',
    url: '/api/openapi.json',
    summary: 'This document.',
    status: 200,
    answer: z.looseObject({}),
    handle: async () => document,
  });
  const document = openApiOf([...routes, own], version);
  return own;
}

/** The path of a route as OpenAPI writes it. */
export function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}').replace('*', '{path}');
}

function operationOf(route: ApiRoute): Json {
  const path = pathOf(route.url);
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inHeaders = (route.headers ?? []).map((name) => ({ name, in: 'header', schema: { type: 'string' } }));
  const inQuery = Object.entries(propertiesOf(route.query)).map(([name, schema]) => ({ name, in: 'query', schema }));
  const failures = [401, ...(route.failures ?? []), 500];
  return {
    summary: route.summary,
    operationId: `${route.method.toLowerCase()}${path.replace(/\W+/g, '_')}`,
    parameters: [...inPath, ...inHeaders, ...inQuery],
    ...bodyOf(route),
    responses: {
      [route.status]: { description: STATUS_CODES[route.status] ?? '', ...answerOf(route) },
      ...Object.fromEntries(failures.map((status) => [status, failureOf(status)])),
    },
  };
}

function bodyOf({ body, isRaw, method }: ApiRoute): Json {
  if (isRaw === true) return method === 'GET' ? {} : { requestBody: { content: { '*/*': {} } } };
  return body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: referenceOf(body) } } } };
}

function answerOf({ answer, answerType = 'application/json' }: ApiRoute): Json {
  if (answer === undefined && answerType === 'application/json') return {};
  return { content: { [answerType]: answer === undefined ? {} : { schema: referenceOf(answer) } } };
}

function failureOf(status: number): Json {
  return { description: STATUS_CODES[status] ?? '', content: { 'application/json': { schema: referenceOf(errorSchema) } } };
}

function referenceOf(schema: z.ZodType): Json {
  const name = named.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (schema instanceof z.ZodRecord && schema.valueType instanceof z.ZodType) {
    return { type: 'object', additionalProperties: referenceOf(schema.valueType) };
  }
  return jsonOf(schema);
}

function propertiesOf(schema: z.ZodType | undefined): Json {
  return schema === undefined ? {} : ((jsonOf(schema).properties ?? {}) as Json);
}

function jsonOf(schema: z.ZodType): Json {
  const { $schema, ...json } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return json;
}
