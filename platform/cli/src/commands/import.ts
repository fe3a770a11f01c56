import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { parseYaml } from '@ampoule/lib/yaml';
import type { Command } from 'commander';
import * as z from 'zod';
import type { ApiClient } from '../api-client.ts';
import { cliError } from '../errors.ts';
import { readTextInput } from '../input.ts';
import { show } from '../output.ts';
import { functions, type Kind, namespaceOf } from '../resources.ts';
import { plain } from '../table.ts';
import { withExamples } from './examples.ts';
import { nounOf } from './get.ts';
import type { Shell } from './shell.ts';

const functionSchema = z.looseObject({ metadata: z.looseObject({ name: z.string() }), spec: z.looseObject({}) });
const projectSchema = z.looseObject({ project: z.looseObject({ metadata: z.looseObject({ name: z.string() }) }) });

const partSchema = z.looseObject({ createdAmount: z.int(), failedAmount: z.int() });
const failureSchema = z.looseObject({ error: z.string() });
const projectResultSchema = z.object({
  functionImportResult: partSchema.extend({ failedFunctions: z.array(failureSchema).nullish() }),
  functionEventImportResult: partSchema.extend({ failedFunctionEvents: z.array(failureSchema).nullish() }),
  apiGatewayImportResult: partSchema.extend({ failedAPIGateways: z.array(failureSchema).nullish() }),
});

interface Outcome {
  name: string;
  created: number;
  failures: string[];
}

/** Takes in what `export` has written. */
export function addImport(parent: Command, name: string, kind: Kind, shell: Shell): Command {
  const isOfFunctions = kind === functions;
  const command = parent
    .command(`${name} [file]`)
    .description(`create ${nounOf(kind)}s from what "export" wrote; standard input without a file`)
    .action(async (file: string | undefined, { skipAutofix }: { skipAutofix?: boolean }) => {
      const text = await readTextInput(file);
      const source = file ?? 'Standard input';
      const objects = isOfFunctions
        ? oneOrMany(functionSchema, 'metadata', text, source)
        : oneOrMany(projectSchema, 'project', text, source);
      const api = await shell.connect();
      const outcomes: Outcome[] = [];
      for (const object of objects)
        outcomes.push(await (isOfFunctions ? importFunction(api, object, skipAutofix) : importProject(api, object)));
      const lines = outcomes.map(
        (outcome) => `${kind.title} ${outcome.name}: ${outcome.created} created, ${outcome.failures.length} failed`,
      );
      const failures = outcomes.flatMap((outcome) => outcome.failures);
      if (failures.length > 0) {
        throw cliError('AMP_CLI_IMPORT_FAILED', {
          what: lines.join('; '),
          why: failures.join('\n'),
          fix: 'Correct what the messages name. What was created stays; take it out of the file, or remove it, before the next import.',
        });
      }
      show(shell.printer, { data: outcomes, text: () => lines.join('\n') });
    });
  if (isOfFunctions) command.option('--skip-autofix', 'refuse a configuration that could be mended, in place of mending it');
  return withExamples(command, `ampoule ${parent.name()} ${name} all.yaml`, `ampoule ${parent.name()} ${name} < all.yaml`);
}

/** One exported object, or many by their names. */
function oneOrMany<T extends z.ZodType>(schema: T, mark: string, text: string, source: string): z.output<T>[] {
  const content = parseYaml(z.looseObject({}), text, source);
  return mark in content ? [parse(schema, content, source)] : Object.values(parse(z.record(z.string(), schema), content, source));
}

async function importFunction(api: ApiClient, config: object, skipAutofix = false): Promise<Outcome> {
  const { metadata } = functionSchema.parse(config);
  const headers = { ...namespaceOf(api, functions), 'x-nuclio-autofix-function-configuration': skipAutofix ? undefined : 'true' };
  try {
    await api.call('POST', functions.path, { headers, body: config });
    return { name: metadata.name, created: 1, failures: [] };
  } catch (error) {
    return { name: metadata.name, created: 0, failures: [`${metadata.name}: ${messageOf(error)}`] };
  }
}

async function importProject(api: ApiClient, content: object): Promise<Outcome> {
  const { project } = projectSchema.parse(content);
  const headers = { 'x-nuclio-project-namespace': api.connection.namespace };
  const { body } = await api.call('POST', '/api/projects?import=true', { headers, body: content });
  const result = parse(projectResultSchema, JSON.parse(body.toString()), 'The answer of the API');
  const { functionImportResult: fns, functionEventImportResult: events, apiGatewayImportResult: gateways } = result;
  const failures = [...(fns.failedFunctions ?? []), ...(events.failedFunctionEvents ?? []), ...(gateways.failedAPIGateways ?? [])];
  return {
    name: project.metadata.name,
    created: fns.createdAmount + events.createdAmount + gateways.createdAmount,
    failures: failures.map(({ error, ...which }) => `${Object.values(which).join(' ')}: ${plain(error)}`),
  };
}
