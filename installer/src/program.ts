import { join } from 'node:path';
import { bundleCommand } from '@ampoule/bundle/commands';
import { Bundle } from '@ampoule/bundle/layout';
import { createPrinter, formatBytes, type Printer } from '@ampoule/lib/print';
import { addFunctionCommands } from '@ampoule/platform-cli/commands';
import { Command } from 'commander';
import { listCertificates } from './certs/list.ts';
import { hostConnection } from './commands/host-connection.ts';
import { type InstallFlags, install } from './commands/install.ts';
import { registryCommand } from './commands/registry.ts';
import { prepareView } from './commands/show.ts';
import { snapshotCommand } from './commands/snapshot.ts';
import { certificateTable, preflightTable, statusTable } from './commands/tables.ts';
import { uninstallHost } from './commands/uninstall.ts';
import { createHost } from './host/host.ts';
import { readAnswers, resolveAnswers } from './install/answers.ts';
import { checkHost } from './install/install.ts';
import { paths } from './paths.ts';
import { readStatus } from './status/status.ts';
import { createSupportBundle } from './support/index.ts';

/** The launcher of an unpacked bundle says where it lies. */
const bundleFolder = process.env.AMPOULE_BUNDLE ?? process.cwd();

/** The command of a host. */
export const program = new Command('ampoule')
  .description('an appliance that brings a serverless platform into a sealed data center')
  .option(
    '--json',
    'print one JSON document for a script; install prints a line of JSON for each event, the last is "installed" or "failed"',
  )
  .showHelpAfterError('Run "ampoule --help" for the commands.')
  .exitOverride();
const isJson = () => program.opts<{ json?: boolean }>().json === true;
export const printer = (): Printer => createPrinter({ json: isJson() });

program
  .command('preflight')
  .description('check this host for the bundle; changes nothing')
  .option('--config <file>', 'YAML file with answers')
  .option('--bundle <folder>', 'unpacked bundle', bundleFolder)
  .action(async ({ bundle, config }: { bundle: string; config?: string }) => {
    const host = createHost();
    const answers = config === undefined ? undefined : await readAnswers(config);
    const opened = await Bundle.open(bundle);
    const resolved = await resolveAnswers(answers, host);
    const view = prepareView(isJson());
    view.preflight();
    const results = await checkHost(opened, resolved, host).finally(view.stop);
    printer().line(preflightTable(results));
    printer().result(results);
    if (results.some(({ status }) => status === 'fail')) process.exitCode = 1;
  });

program
  .command('install')
  .description('install the appliance on this host, or go on with an install that was cut short, or heal one')
  .option('--config <file>', 'YAML file with answers')
  .option('--bundle <folder>', 'unpacked bundle', bundleFolder)
  .option('--public-key <file>', 'key that must have signed the bundle')
  .option('--yes', 'do not ask')
  .option('--dry-run', 'show the preflight and the plan (steps, files, disk, predicted seconds), change nothing')
  .action((flags: InstallFlags) => install(flags, printer(), isJson()));

program
  .command('status')
  .description('show every part of the appliance; exit code 1 when one is not well')
  .action(async () => {
    const components = await readStatus(createHost());
    printer().line(statusTable(components));
    printer().result(components);
    if (components.some(({ well }) => !well)) process.exitCode = 1;
  });

program
  .command('certs')
  .description('certificates of the appliance')
  .command('list')
  .description('show when each certificate expires, the next one first')
  .action(async () => {
    const entries = await listCertificates({ pki: paths.pki, kubernetes: paths.kubernetes, kubelet: paths.kubelet, now: new Date() });
    printer().line(certificateTable(entries));
    printer().result(entries);
  });

program
  .command('support-bundle')
  .description('collect logs and states for support, with secrets taken out')
  .option('--output <file>', 'archive to write', join(process.cwd(), 'ampoule-support.tar.gz'))
  .action(async ({ output }: { output: string }) => {
    const result = await createSupportBundle(output);
    printer().line(`Wrote ${result.file} (${result.entries} files, ${formatBytes(result.bytes)})`);
    printer().result(result);
  });

program
  .command('uninstall')
  .description('remove the appliance and all its data from this host')
  .requiredOption('--yes', 'confirm that everything of the appliance may be removed')
  .action(() => uninstallHost(printer(), isJson()));

program.addCommand(registryCommand(printer));
program.addCommand(snapshotCommand(printer));
program.addCommand(bundleCommand(printer));
addFunctionCommands(program, printer, { ofHost: hostConnection });
