import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import { aliasColumns, aliasPathOf, changeAlias, listAliases } from '../aliases.ts';
import { show } from '../output.ts';
import { functions, namespaceOf } from '../resources.ts';
import { table } from '../table.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';
import { versionNumber } from './versions.ts';

/** `ampoule fn alias …`: addresses that lead to versions of a function. */
export function addAliases(parent: Command, shell: Shell): void {
  const group = parent.command('alias').description('addresses that lead to versions of a function');
  addSet(group, shell);
  addList(group, shell);
  addDelete(group, shell);
}

function addSet(group: Command, shell: Shell): void {
  const command = group
    .command('set <function> <alias>')
    .description('create an alias, or lead it to another version')
    .option('--to <version>', 'number of the version that gets all calls; the one that the function is now for a new alias')
    .option('--host <name>', 'name in the address; a new alias must have one')
    .option('--path <path>', 'beginning of the path')
    .action(async (functionName: string, alias: string, flags: { to?: string; host?: string; path?: string }) => {
      const { host, path } = flags;
      const version = flags.to === undefined ? undefined : parse(versionNumber, flags.to, '--to');
      const data = await changeAlias(await shell.connect(), { functionName, alias }, { version, host, path });
      const at = `${data.host}${data.path}`;
      show(shell.printer, { data, text: () => `Alias ${alias} of function ${functionName} leads from ${at} to version ${data.version}.` });
    });
  withExamples(command, 'ampoule fn alias set hello live --host hello.example', 'ampoule fn alias set hello live --to 3');
}

function addList(group: Command, shell: Shell): void {
  const command = group
    .command('list <function>')
    .description('list the aliases of a function, and how their canaries are doing')
    .action(async (functionName: string) => {
      const aliases = await listAliases(await shell.connect(), functionName);
      const text = () => (aliases.length === 0 ? `Function ${functionName} has no aliases.` : table(aliasColumns, aliases));
      show(shell.printer, { data: aliases, text });
    });
  withExamples(command, 'ampoule fn alias list hello');
}

function addDelete(group: Command, shell: Shell): void {
  const command = group
    .command('delete <function> <alias>')
    .description('remove an alias; one that is not there is as good as removed')
    .action(async (functionName: string, alias: string) => {
      const api = await shell.connect();
      await api.call('DELETE', aliasPathOf(functionName, alias), { headers: namespaceOf(api, functions) });
      show(shell.printer, {
        data: { function: functionName, name: alias },
        text: () => `Alias ${alias} of function ${functionName} is removed.`,
      });
    });
  withExamples(command, 'ampoule fn alias delete hello live');
}
