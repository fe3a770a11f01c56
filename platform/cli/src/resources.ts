import * as z from 'zod';
import type { ApiClient } from './api-client.ts';
import { limitsTextOf, scalingTextOf } from './scaling.ts';
import type { Colour, Column } from './table.ts';

const strings = z.record(z.string(), z.string());

/** Any object of the API. */
export const objectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string().default(''), labels: strings.nullish() }),
  spec: z.looseObject({}).default({}),
  status: z.looseObject({}).default({}),
});
export type ApiObject = z.output<typeof objectSchema>;

/** Lists of the API hold objects by their names. */
const listSchema = z.record(z.string(), objectSchema);

/** A kind of objects: where it is, how commands call it, and what of it a table shows. */
export interface Kind {
  title: string;
  plural: string;
  /** As a group of commands is called. */
  group: string;
  /** As nuctl calls it, and its short forms. */
  aliases: readonly string[];
  path: string;
  namespaceHeader: string;
  columns: readonly Column<ApiObject>[];
}

const common: readonly Column<ApiObject>[] = [
  { title: 'Namespace', value: ({ metadata }) => metadata.namespace },
  { title: 'Name', value: ({ metadata }) => metadata.name },
];

function label(object: ApiObject, name: string): string {
  return object.metadata.labels?.[name] ?? '';
}

/** A field by its path, as text; empty where there is none. */
function field(value: unknown, ...path: (string | number)[]): string {
  const found = path.reduce<unknown>((inner, name) => Object(inner)[name], value);
  if (Array.isArray(found)) return found.map(String).join(', ');
  return found === undefined || found === null ? '' : String(found);
}

export const projectLabel = 'nuclio.io/project-name';
export const functionLabel = 'nuclio.io/function-name';

export const functions: Kind = {
  title: 'Function',
  plural: 'functions',
  group: 'fn',
  aliases: ['function', 'fn', 'fu'],
  path: '/api/functions',
  namespaceHeader: 'x-nuclio-function-namespace',
  columns: [
    ...common,
    { title: 'Project', value: (fn) => label(fn, projectLabel) },
    { title: 'State', value: ({ status }) => field(status, 'state'), colour: colourOf },
    { title: 'Replicas', value: ({ status, spec }) => `${field(status, 'replicas') || '?'}/${replicasOf(spec)}` },
    { title: 'Limits', value: ({ spec }) => limitsTextOf(spec), isWide: true },
    { title: 'Scaled By', value: ({ spec }) => scalingTextOf(spec), isWide: true },
    { title: 'Node Port', value: ({ status }) => field(status, 'httpPort').replace(/^0$/, '') },
    { title: 'Labels', value: ({ metadata }) => labelsOf(metadata.labels), isWide: true },
    { title: 'Internal Invocation URL', value: ({ status }) => field(status, 'internalInvocationUrls', 0), isWide: true },
    { title: 'External Invocation URLs', value: ({ status }) => field(status, 'externalInvocationUrls'), isWide: true },
  ],
};

export const projects: Kind = {
  title: 'Project',
  plural: 'projects',
  group: 'project',
  aliases: ['project', 'proj', 'prj'],
  path: '/api/projects',
  namespaceHeader: 'x-nuclio-project-namespace',
  columns: [
    ...common,
    { title: 'Description', value: ({ spec }) => field(spec, 'description'), isWide: true },
    { title: 'Owner', value: ({ spec }) => field(spec, 'owner'), isWide: true },
    { title: 'Max Replicas', value: ({ spec }) => field(spec, 'maxReplicas'), isWide: true },
  ],
};

export const functionEvents: Kind = {
  title: 'Function event',
  plural: 'functionevents',
  group: 'event',
  aliases: ['functionevent', 'fe'],
  path: '/api/function_events',
  namespaceHeader: 'x-nuclio-function-event-namespace',
  columns: [
    ...common,
    { title: 'Display Name', value: ({ spec }) => field(spec, 'displayName') },
    { title: 'Function', value: (event) => label(event, functionLabel) },
    { title: 'Trigger Name', value: ({ spec }) => field(spec, 'triggerName') },
    { title: 'Trigger Kind', value: ({ spec }) => field(spec, 'triggerKind') },
    { title: 'Body', value: ({ spec }) => field(spec, 'body'), isWide: true },
  ],
};

export const apiGateways: Kind = {
  title: 'API gateway',
  plural: 'apigateways',
  group: 'gateway',
  aliases: ['apigateway', 'agw'],
  path: '/api/api_gateways',
  namespaceHeader: 'x-nuclio-api-gateway-namespace',
  columns: [
    ...common,
    { title: 'Host', value: ({ spec }) => field(spec, 'host') },
    { title: 'Path', value: ({ spec }) => field(spec, 'path') || '/' },
    { title: 'Primary', value: ({ spec }) => field(spec, 'upstreams', 0, 'nucliofunction', 'name') },
    { title: 'Canary', value: ({ spec }) => field(spec, 'upstreams', 1, 'nucliofunction', 'name') },
    { title: 'Percentage', value: ({ spec }) => field(spec, 'upstreams', 1, 'percentage') },
    { title: 'State', value: ({ status }) => field(status, 'state'), isWide: true },
  ],
};

export const secrets: Kind = {
  title: 'Secret',
  plural: 'secrets',
  group: 'secret',
  aliases: ['secret', 'sec'],
  path: '/api/secrets',
  namespaceHeader: 'x-ampoule-secret-namespace',
  columns: [
    ...common,
    { title: 'Keys', value: ({ spec }) => field(spec, 'keys') },
    { title: 'Functions', value: ({ status }) => field(status, 'functions') },
    { title: 'Created', value: ({ metadata }) => field(metadata, 'creationTimestamp'), isWide: true },
  ],
};

/** The header that says the namespace, where one is asked for. */
export function namespaceOf({ connection }: ApiClient, kind: Kind): Record<string, string | undefined> {
  return { [kind.namespaceHeader]: connection.namespace };
}

export async function listObjects(api: ApiClient, kind: Kind): Promise<ApiObject[]> {
  return Object.values(await api.read(listSchema, kind.path, namespaceOf(api, kind)));
}

export function pathOf(kind: Kind, name: string): string {
  return `${kind.path}/${encodeURIComponent(name)}`;
}

export function getObject(api: ApiClient, kind: Kind, name: string): Promise<ApiObject> {
  return api.read(objectSchema, pathOf(kind, name), namespaceOf(api, kind));
}

export function findObject(api: ApiClient, kind: Kind, name: string): Promise<ApiObject | undefined> {
  return api.find(objectSchema, pathOf(kind, name), namespaceOf(api, kind));
}

function replicasOf(spec: object): string {
  return field(spec, 'replicas') || field(spec, 'minReplicas') || '1';
}

function labelsOf(all: Record<string, string> | null | undefined): string {
  return Object.entries(all ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function colourOf(state: string): Colour {
  if (state === 'ready') return 'green';
  return state === 'error' || state === 'unhealthy' ? 'red' : 'yellow';
}
