import * as z from 'zod';
import { apiGatewaySpecSchema, apiGatewayStatusSchema } from './api-gateway.ts';
import { api } from './constants.ts';
import { functionSpecSchema, functionStatusSchema } from './function.ts';
import { functionEventSpecSchema } from './function-event.ts';
import { projectSpecSchema, projectStatusSchema } from './project.ts';

type JsonSchema = Record<string, unknown>;

interface Column {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  priority?: number;
}

interface ResourceKind {
  kind: string;
  plural: string;
  shortNames: string[];
  spec: z.ZodType;
  status?: z.ZodType;
  columns: Column[];
}

const project: Column = { name: 'Project', type: 'string', jsonPath: String.raw`.metadata.labels.nuclio\.io/project-name` };
const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
const text = (name: string, jsonPath: string): Column => ({ name, type: 'string', jsonPath });

const kinds: ResourceKind[] = [
  {
    kind: 'NuclioFunction',
    plural: 'nucliofunctions',
    shortNames: ['nf'],
    spec: functionSpecSchema,
    status: functionStatusSchema,
    columns: [
      text('State', '.status.state'),
      project,
      text('Runtime', '.spec.runtime'),
      { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
      { name: 'Min', type: 'integer', jsonPath: '.spec.minReplicas' },
      { name: 'Max', type: 'integer', jsonPath: '.spec.maxReplicas' },
      age,
      { ...text('Image', '.spec.image'), priority: 1 },
      { ...text('Message', '.status.message'), priority: 1 },
    ],
  },
  {
    kind: 'NuclioProject',
    plural: 'nuclioprojects',
    shortNames: ['np'],
    spec: projectSpecSchema,
    status: projectStatusSchema,
    columns: [text('Description', '.spec.description'), text('Owner', '.spec.owner'), age],
  },
  {
    kind: 'NuclioAPIGateway',
    plural: 'nuclioapigateways',
    shortNames: ['nagw'],
    spec: apiGatewaySpecSchema,
    status: apiGatewayStatusSchema,
    columns: [text('State', '.status.state'), project, text('Host', '.spec.host'), text('Path', '.spec.path'), age],
  },
  {
    kind: 'NuclioFunctionEvent',
    plural: 'nucliofunctionevents',
    shortNames: ['nfe'],
    spec: functionEventSpecSchema,
    columns: [
      text('Display Name', '.spec.displayName'),
      text('Function', String.raw`.metadata.labels.nuclio\.io/function-name`),
      text('Trigger', '.spec.triggerKind'),
      age,
    ],
  },
];

/** The CustomResourceDefinitions of Nuclio's kinds: what the API server checks is what the schemas of this package check. */
export function customResourceDefinitions(): object[] {
  return kinds.map(({ kind, plural, shortNames, spec, status, columns }) => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${api.group}` },
    spec: {
      group: api.group,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames },
      versions: [
        {
          name: api.version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: structuralOf(spec), status: status === undefined ? anyObject() : structuralOf(status) },
            },
          },
          additionalPrinterColumns: columns,
        },
      ],
    },
  }));
}

function anyObject(): JsonSchema {
  return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
}

function structuralOf(schema: z.ZodType): JsonSchema {
  return structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as JsonSchema);
}

/** Only these words of a schema mean the same to Kubernetes; base64 it checks otherwise, so that is left to the components. */
const KEPT: ReadonlySet<string> = new Set(['type', 'enum', 'maximum', 'minimum', 'minLength', 'maxLength']);

/** What Kubernetes takes as a structural schema: no references, no choices, and open wherever Nuclio may write more. */
function structural(schema: JsonSchema): JsonSchema {
  const found = unwrapped(schema);
  if (found.type === undefined) return { 'x-kubernetes-preserve-unknown-fields': true };
  const result: JsonSchema = {};
  for (const [name, value] of Object.entries(found)) if (KEPT.has(name) && !isLimitOfIntegers(value)) result[name] = value;
  if (schema.nullable === true || found.nullable === true) result.nullable = true;
  if (typeof found.pattern === 'string' && found.format === undefined) result.pattern = found.pattern;
  if (isSchema(found.items)) result.items = structural(found.items);
  if (found.type !== 'object') return result;
  const properties = Object.entries((found.properties ?? {}) as Record<string, JsonSchema>);
  if (properties.length > 0) {
    result.properties = Object.fromEntries(properties.map(([name, value]) => [name, structural(value)]));
    if (Array.isArray(found.required)) result.required = found.required;
  } else if (isSchema(found.additionalProperties) && Object.keys(found.additionalProperties).length > 0) {
    result.additionalProperties = structural(found.additionalProperties);
    return result;
  }
  return { ...result, 'x-kubernetes-preserve-unknown-fields': true };
}

/** A choice between a type and null is that type, nullable. */
function unwrapped(schema: JsonSchema): JsonSchema {
  if (!Array.isArray(schema.anyOf)) return schema;
  const choices = (schema.anyOf as JsonSchema[]).filter(({ type }) => type !== 'null');
  const [only] = choices;
  if (choices.length !== 1 || only === undefined) return {};
  const isNullable = choices.length < schema.anyOf.length;
  return { ...only, ...(isNullable ? { nullable: true } : {}) };
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLimitOfIntegers(value: unknown): boolean {
  return value === Number.MAX_SAFE_INTEGER || value === Number.MIN_SAFE_INTEGER;
}
