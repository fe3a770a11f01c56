import { randomUUID } from 'node:crypto';
import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { apiGatewaySchema } from '@ampoule/platform-api/api-gateway';
import { labels } from '@ampoule/platform-api/constants';
import { functionConfigSchema } from '@ampoule/platform-api/function';
import { functionEventSchema } from '@ampoule/platform-api/function-event';
import { projectSchema } from '@ampoule/platform-api/project';
import * as z from 'zod';
import { eventDraftOf } from './function-event-store.ts';
import type { Stores } from './stores.ts';

/** Each object is parsed by itself, so that one that is wrong does not keep the others out. */
const parts = z
  .record(z.string(), z.looseObject({ metadata: z.looseObject({}).default({}), spec: z.looseObject({}).default({}) }))
  .nullish();
export const projectImportSchema = z.looseObject({ project: projectSchema, functions: parts, functionEvents: parts, apiGateways: parts });
export type ProjectImport = z.output<typeof projectImportSchema>;

type Part = NonNullable<z.output<typeof parts>>[string];
interface Failure {
  name: string;
  error: string;
}

/** Takes in an exported project; what is there already stays as it is, and each object that cannot be taken in is named. */
export async function importProject(stores: Stores, namespace: string, content: ProjectImport): Promise<object> {
  const { metadata, spec } = content.project;
  const project = metadata.name;
  if ((await stores.projects.find(namespace, project)) === undefined) {
    const { labels: own, annotations } = metadata;
    await stores.projects.create({ metadata: { name: project, namespace, labels: own, annotations }, spec });
  }
  const functions = await takeIn(content.functions, async (part) => {
    const config = parse(functionConfigSchema, inProject(part, project), 'The function');
    await stores.functions.deploy(config, namespace, false);
  });
  const failed = new Set(functions.failures.map(({ name }) => name));
  const events = await takeIn(content.functionEvents, async (part) => {
    const event = parse(functionEventSchema, { ...part, metadata: { ...part.metadata, name: randomUUID() } }, 'The function event');
    const owner = event.metadata.labels?.[labels.function] ?? '';
    if (failed.has(owner)) throw new Error(`Event belongs to function that failed import: ${owner}`);
    await stores.events.create(eventDraftOf(event, namespace));
  });
  const gateways = await takeIn(content.apiGateways, async (part) => {
    await stores.gateways.add(parse(apiGatewaySchema, inProject(part, project), 'The API gateway'), namespace, false);
  });
  return {
    functionImportResult: { ...countsOf(functions), failedFunctions: failuresOf(functions, 'function') },
    functionEventImportResult: { ...countsOf(events), failedFunctionEvents: failuresOf(events, 'functionEvent') },
    apiGatewayImportResult: { ...countsOf(gateways), failedAPIGateways: failuresOf(gateways, 'apiGateway') },
  };
}

function inProject({ metadata, ...rest }: Part, project: string): object {
  const { namespace, resourceVersion, ...kept } = metadata;
  return { ...rest, metadata: { ...kept, labels: { ...(metadata.labels as object | undefined), [labels.project]: project } } };
}

interface Outcome {
  total: number;
  failures: Failure[];
}

async function takeIn(found: Record<string, Part> | null | undefined, take: (part: Part) => Promise<void>): Promise<Outcome> {
  const failures: Failure[] = [];
  const entries = Object.entries(found ?? {});
  for (const [name, part] of entries) {
    await take({ ...part, metadata: { name, ...part.metadata } }).catch((error: unknown) => {
      failures.push({ name, error: messageOf(error) });
    });
  }
  return { total: entries.length, failures };
}

function countsOf({ total, failures }: Outcome) {
  return { createdAmount: total - failures.length, failedAmount: failures.length };
}

/** Null where nothing failed, as Nuclio has it. */
function failuresOf({ failures }: Outcome, kind: string): object[] | null {
  return failures.length === 0 ? null : failures.map(({ name, error }) => ({ [kind]: name, error }));
}
