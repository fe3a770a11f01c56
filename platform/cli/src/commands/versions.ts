import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import * as z from 'zod';
import { changeAlias } from '../aliases.ts';
import type { ApiClient } from '../api-client.ts';
import { duration } from '../deploy/values.ts';
import { show } from '../output.ts';
import { functions, namespaceOf, pathOf } from '../resources.ts';
import { type Column, table } from '../table.ts';
import { showUntilReady } from './deploy.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const versionSchema = z.looseObject({ version: z.int(), createdAt: z.string(), isCurrent: z.boolean(), image: z.string() });
type Version = z.output<typeof versionSchema>;

const columns: readonly Column<Version>[] = [
  { title: 'Version', value: ({ version }) => String(version) },
  { title: 'Deployed', value: ({ createdAt }) => createdAt },
  { title: 'Image', value: ({ image }) => image },
  { title: 'Now', value: ({ isCurrent }) => (isCurrent ? 'yes' : ''), colour: () => 'green' },
];

export const versionNumber = z.coerce.number({ error: 'must be a number' }).int('must be a whole number').positive('must be 1 or more');

/** Lists what was deployed under a name. */
export function addVersions(parent: Command, shell: Shell): Command {
  const command = parent
    .command('versions <name>')
    .description('list the versions of a function, the newest first')
    .action(async (name: string) => {
      const api = await shell.connect();
      const path = `${pathOf(functions, name)}/versions`;
      const { versions } = await api.read(z.object({ versions: z.array(versionSchema) }), path, namespaceOf(api, functions));
      const text = () => (versions.length === 0 ? `Function ${name} was never deployed.` : table(columns, versions));
      show(shell.printer, { data: versions, text });
    });
  return withExamples(command, 'ampoule fn versions hello');
}

/** Makes a function again what it was, without a build. */
export function addRollback(parent: Command, shell: Shell): Command {
  const command = parent
    .command('rollback <name>')
    .description('bring a function, or an alias of it, back to the version before, or to another one')
    .option('--to <version>', 'number of the version; the one before by default')
    .option('--alias <name>', 'alias that goes back; the function itself stays as it is')
    .option('--no-wait', 'end when the API has taken it, not when it serves')
    .option('--timeout <duration>', 'how long to wait until it serves, for example 90s', '10m')
    .action(async (name: string, flags: { to?: string; alias?: string; wait: boolean; timeout: string }) => {
      const timeoutMs = parse(duration, flags.timeout, '--timeout');
      const body = flags.to === undefined ? {} : { version: parse(versionNumber, flags.to, '--to') };
      const api = await shell.connect();
      if (flags.alias !== undefined) return rollBackAlias(shell, api, { name, alias: flags.alias }, body);
      const answer = await api.call('POST', `${pathOf(functions, name)}/rollback`, { headers: namespaceOf(api, functions), body });
      const { version } = z.object({ version: z.int() }).parse(JSON.parse(answer.body.toString()));
      if (flags.wait) return showUntilReady(shell, api, name, timeoutMs, { version });
      show(shell.printer, { data: { name, version }, text: () => `Function ${name} goes back to version ${version}.` });
    });
  return withExamples(command, 'ampoule fn rollback hello', 'ampoule fn rollback hello --to 3', 'ampoule fn rollback hello --alias live');
}

/** The version that an alias leads to goes on until the other one serves, so there is nothing to wait for. */
async function rollBackAlias(
  shell: Shell,
  api: ApiClient,
  { name, alias }: { name: string; alias: string },
  body: { version?: number },
): Promise<void> {
  const what = body.version === undefined ? { what: 'rollback' } : {};
  const data = await changeAlias(api, { functionName: name, alias, ...what }, body);
  show(shell.printer, { data, text: () => `Alias ${alias} of function ${name} goes back to version ${data.version}.` });
}
