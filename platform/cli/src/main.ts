#!/usr/bin/env node
import { createPrinter } from '@ampoule/lib/print';
import { Command, CommanderError } from 'commander';
import { addFunctionCommands } from './commands.ts';

const program = new Command('ampoule')
  .description('functions on an Ampoule appliance: it needs the API, a token and a certificate')
  .option('--json', 'print one JSON document for a script')
  .showHelpAfterError('Run "ampoule --help" for the commands.')
  .exitOverride();
const printer = () => createPrinter({ json: program.opts<{ json?: boolean }>().json === true });

addFunctionCommands(program, printer);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    printer().error(error);
    process.exitCode = 1;
  }
}
// A connection that a server keeps open must not keep a command that has ended; all output has been written by now.
process.exit();
