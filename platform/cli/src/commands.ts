import type { Printer } from '@ampoule/lib/print';
import type { Command } from 'commander';
import { addAliases } from './commands/alias.ts';
import { addApi } from './commands/api.ts';
import { addBuild } from './commands/build.ts';
import { addCanary, addPromote } from './commands/canary.ts';
import { addCompletion } from './commands/completion.ts';
import { addCreateEvent, addCreateGateway, addCreateProject } from './commands/create.ts';
import { addDeadLetters } from './commands/dead-letter.ts';
import { addDelete } from './commands/delete.ts';
import { addDeploy } from './commands/deploy.ts';
import { addDiff } from './commands/diff.ts';
import { addExport } from './commands/export.ts';
import { addGatewayKeys } from './commands/gateway-keys.ts';
import { addGet } from './commands/get.ts';
import { addImport } from './commands/import.ts';
import { addInvocations } from './commands/invocation.ts';
import { addInvoke } from './commands/invoke.ts';
import { addLogin } from './commands/login.ts';
import { addLogs } from './commands/logs.ts';
import { addRun } from './commands/run.ts';
import { addCreateSecret } from './commands/secret.ts';
import { Shell, type ShellOptions } from './commands/shell.ts';
import { addTemplates } from './commands/template.ts';
import { addRollback, addVersions } from './commands/versions.ts';
import { apiGateways, functionEvents, functions, type Kind, projects, secrets } from './resources.ts';

const kinds: readonly Kind[] = [functions, projects, apiGateways, functionEvents, secrets];
const exportable: readonly Kind[] = [functions, projects];
/** What makes an object of each kind. */
const creators = new Map([
  [projects, addCreateProject],
  [apiGateways, addCreateGateway],
  [functionEvents, addCreateEvent],
  [secrets, addCreateSecret],
]);

const groups = new Map([
  [functions, 'deploy, call, list and run functions'],
  [projects, 'projects, which group functions'],
  [apiGateways, 'API gateways, which are public addresses before functions'],
  [functionEvents, 'events to try functions with'],
  [secrets, 'secrets that functions have as variables or files'],
]);

/**
 * Adds the commands of developers to a program that knows `--json`. They are there in two orders, `fn deploy` and nuctl's `deploy`; the
 * latter is not in the list of commands.
 */
export function addFunctionCommands(program: Command, printer: () => Printer, { ofHost }: Pick<ShellOptions, 'ofHost'> = {}): void {
  const shell = new Shell({ program, printer, ofHost });
  program
    .option('--server <url>', 'address of the API; that of "ampoule login" by default')
    .option('--token-file <file>', 'file with the token of the API')
    .option('--ca-file <file>', 'certificate to trust, trust.crt of the appliance')
    .option('-n, --namespace <name>', 'namespace of functions and what belongs to them')
    .addHelpText(
      'after',
      '\nThe order of nuctl works too: "ampoule get functions" is "ampoule fn get", and\n"ampoule deploy" is "ampoule fn deploy".',
    );
  for (const kind of kinds) addGroup(program, kind, shell);
  addInvocations(program.command('invocation').description('asynchronous invocations, by their ids'), shell);
  addDeadLetters(program.command('dead-letter').description('asynchronous invocations that were given up'), shell);
  addTemplates(program.command('template').description('functions to start from'), shell);
  addLogin(program, shell);
  addApi(program, shell);
  addCompletion(program, shell);
  addNuctlOrder(program, shell);
}

/** `ampoule fn …` and its like. */
function addGroup(program: Command, kind: Kind, shell: Shell): void {
  const group = program.command(kind.group).description(groups.get(kind) ?? '');
  if (kind === functions) {
    addDeploy(group, shell);
    addBuild(group, shell);
    addInvoke(group, shell);
    addLogs(group, shell);
    addRun(group, shell);
    addDiff(group, shell);
    addVersions(group, shell);
    addRollback(group, shell);
    addAliases(group, shell);
    addCanary(group, shell);
    addPromote(group, shell);
  }
  creators.get(kind)?.(group, 'create', shell);
  addGet(group, 'get', kind, shell).alias('list');
  addDelete(group, 'delete', kind, shell);
  if (kind === apiGateways) addGatewayKeys(group, shell);
  if (exportable.includes(kind)) {
    addExport(group, 'export', kind, shell);
    addImport(group, 'import', kind, shell);
  }
}

/** The same commands where users of nuctl look for them. */
function addNuctlOrder(program: Command, shell: Shell): void {
  const verb = (name: string, description: string) => program.command(name, { hidden: true }).description(description);
  const hidden = { get: verb('get', 'list objects, or show one'), delete: verb('delete', 'remove an object').alias('del') };
  const create = verb('create', 'create an object').alias('cre');
  const exporting = verb('export', 'write objects so that "import" reads them');
  const importing = verb('import', 'create objects from an export');
  for (const kind of kinds) {
    addGet(hidden.get, kind.plural, kind, shell).aliases([...kind.aliases]);
    addDelete(hidden.delete, kind.plural, kind, shell).aliases([...kind.aliases]);
    const [singular = kind.plural, ...short] = kind.aliases;
    creators.get(kind)?.(create, singular, shell).aliases(short);
  }
  for (const kind of exportable) {
    addExport(exporting, kind.plural, kind, shell).aliases([...kind.aliases]);
    addImport(importing, kind.plural, kind, shell).aliases([...kind.aliases]);
  }
  for (const add of [addDeploy, addBuild, addInvoke, addLogs, addRun, addDiff]) add(program, shell);
}
