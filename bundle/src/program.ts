import { join, resolve } from 'node:path';
import { createPrinter, formatBytes, type Printer } from '@ampoule/lib/print';
import { Command, Option } from 'commander';
import { type Architecture, architectures, type Progress } from './build/context.ts';
import { bundleCommand } from './commands.ts';
import { createBundle } from './create.ts';
import { writeDebianLock } from './sources/debian-lock.ts';
import { trialKey } from './trial-key.ts';

const repository = resolve(import.meta.dirname, '../..');

interface CreateFlags {
  architecture: Architecture;
  privateKey?: string;
  output: string;
}

/** The command of the connected side. */
export const program = new Command('ampoule').option('--json', 'print one JSON document for a script');
export const printer = () => createPrinter({ json: program.opts<{ json?: boolean }>().json === true });

const command = bundleCommand(printer);
command
  .command('create')
  .description('build, sign and pack a bundle from bundle/bundle.yaml')
  .addOption(new Option('--architecture <name>', 'of the hosts').choices(architectures).default('amd64'))
  .option('--private-key <file>', 'key that signs; a key for trials is made below .cache when absent')
  .option('--output <folder>', 'where to write the bundle', join(repository, 'dist'))
  .action((flags: CreateFlags) => create(flags, printer()));
command
  .command('lock')
  .description('pin the Debian packages to what the archive offers now')
  .action(async () => {
    printer().line(`Wrote ${await writeDebianLock(repository, progressTo(printer()))}`);
  });
program.addCommand(command);

async function create({ architecture, privateKey, output }: CreateFlags, printer: Printer): Promise<void> {
  const result = await createBundle({
    repository,
    architecture,
    outputFolder: resolve(output),
    privateKeyFile: privateKey ?? (await trialKey(repository)),
    createdAt: process.env.SOURCE_DATE_EPOCH === undefined ? new Date() : new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000),
    progress: progressTo(printer),
  });
  printer.line(`${result.file}: ${formatBytes(result.bytes)}, ${result.images} images, signed by\n  ${result.fingerprint}`);
  printer.result(result);
}

function progressTo(printer: Printer): Progress {
  const started = performance.now();
  return (component, message) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    printer.line(`${seconds.padStart(5)} s  ${component.padEnd(24)}${message}`);
  };
}
