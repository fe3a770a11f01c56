import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { handlerFileOf } from '@ampoule/platform-api/handler';
import type { Command } from 'commander';
import * as z from 'zod';
import type { ApiClient } from '../api-client.ts';
import { collect } from '../collect.ts';
import { pairs } from '../deploy/values.ts';
import { cliError } from '../errors.ts';
import { show, yamlOf } from '../output.ts';
import { type Column, table } from '../table.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const configSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    description: z.string().optional(),
    runtime: z.string().optional(),
    handler: z.string().default(''),
    build: z.looseObject({ functionSourceCode: z.string().optional() }).nullish(),
  }),
});
type Config = z.output<typeof configSchema>;

const templateSchema = z.union([
  z.object({ rendered: configSchema }),
  z.object({ template: z.string(), values: z.record(z.string(), z.unknown()) }),
]);
const templatesSchema = z.record(z.string(), templateSchema);
type Template = z.output<typeof templateSchema>;

/** `ampoule template …`: functions to start from. */
export function addTemplates(parent: Command, shell: Shell): void {
  const list = parent
    .command('list [text]')
    .description('list templates of functions, or those that a text names')
    .action(async (text: string | undefined) => {
      const templates = await templatesOf(await shell.connect(), text);
      const rows = Object.entries(templates).map(([key, template]) => ({ key, ...described(template) }));
      const lines = () => (rows.length === 0 ? 'There are no such templates.' : table(columns, rows));
      show(shell.printer, { data: rows, text: lines });
    });
  withExamples(list, 'ampoule template list', 'ampoule template list python');

  const showOne = parent
    .command('show <template>')
    .description('show the configuration and the source code of a template')
    .option('--set <name=value>', 'value of the template; can be repeated', collect)
    .action(async (key: string, { set }: { set?: string[] }) => {
      const { yaml, code, config } = filesOf(await configOf(await shell.connect(), key, set));
      show(shell.printer, { data: config, text: () => `${yaml}\n${code ?? ''}`.trimEnd() });
    });
  withExamples(showOne, 'ampoule template show hello:nodejs');

  const create = parent
    .command('new <template> [folder]')
    .description('begin a function in a new folder, named as the template by default')
    .option('--set <name=value>', 'value of the template; can be repeated', collect)
    .action(async (key: string, target: string | undefined, { set }: { set?: string[] }) => {
      const { yaml, code, file, config } = filesOf(await configOf(await shell.connect(), key, set));
      const folder = target ?? config.metadata.name;
      const files = { 'function.yaml': yaml, ...(code === undefined ? {} : { [file]: code }) };
      await writeNew(folder, files);
      const next = [`  ampoule fn run ${folder}`, `  ampoule fn deploy ${folder}`];
      const text = () => [`Wrote ${Object.keys(files).join(' and ')} to ${folder}. Next:`, ...next].join('\n');
      show(shell.printer, { data: { folder, files: Object.keys(files) }, text });
    });
  withExamples(create, 'ampoule template new hello:nodejs ./hello');
}

interface Row {
  key: string;
  runtime: string;
  description: string;
}

const columns: readonly Column<Row>[] = [
  { title: 'Template', value: ({ key }) => key },
  { title: 'Runtime', value: ({ runtime }) => runtime },
  { title: 'Description', value: ({ description }) => description },
];

function described(template: Template): Omit<Row, 'key'> {
  if (!('rendered' in template)) return { runtime: '', description: `needs --set for ${Object.keys(template.values).join(', ')}` };
  const { runtime = '', description = '' } = template.rendered.spec;
  return { runtime, description };
}

function templatesOf(api: ApiClient, text?: string): Promise<Record<string, Template>> {
  return api.read(templatesSchema, '/api/function_templates', { 'x-nuclio-filter-contains': text });
}

/** The function of a template, with its values filled in where it has some. @throws AMP_CLI_REFUSED */
async function configOf(api: ApiClient, key: string, set: string[] | undefined): Promise<Config> {
  const templates = await templatesOf(api);
  const template = templates[key];
  if (template === undefined) {
    throw cliError('AMP_CLI_REFUSED', {
      what: `There is no template ${key}`,
      fix: `Use one of: ${Object.keys(templates).join(', ') || '(there are none)'}.`,
    });
  }
  if ('rendered' in template) return template.rendered;
  const values = { ...template.values, ...parse(pairs, set ?? [], '--set') };
  const { body } = await api.call('POST', '/api/function_templates/render', { body: { template: template.template, values } });
  return parse(configSchema, JSON.parse(body.toString()), 'The answer of the API');
}

/** The source code has a file of its own, as people edit it. */
function filesOf(config: Config): { yaml: string; code: string | undefined; file: string; config: Config } {
  const { build, ...spec } = config.spec;
  const { functionSourceCode, ...restOfBuild } = build ?? {};
  const kept = Object.keys(restOfBuild).length === 0 ? spec : { ...spec, build: restOfBuild };
  const yaml = yamlOf({ apiVersion: 'nuclio.io/v1beta1', kind: 'NuclioFunction', metadata: config.metadata, spec: kept });
  const code = functionSourceCode === undefined ? undefined : Buffer.from(functionSourceCode, 'base64').toString();
  return { yaml, code, file: handlerFileOf(spec.runtime, spec.handler), config };
}

/** @throws AMP_CLI_FILE where there is something already */
async function writeNew(folder: string, files: Record<string, string>): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0) throw new Error('there is something in it already');
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content, { flag: 'wx' });
    }
  } catch (cause) {
    throw cliError('AMP_CLI_FILE', {
      what: `${folder} cannot be filled`,
      why: messageOf(cause),
      fix: 'Give a folder that is not there yet.',
      cause,
    });
  }
}
