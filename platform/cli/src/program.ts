import { createPrinter } from '@ampoule/lib/print';
import { Command } from 'commander';
import { addFunctionCommands } from './commands.ts';

/** The command of a developer's machine. */
export const program = new Command('ampoule')
  .description('functions on an Ampoule appliance: it needs the API, a token and a certificate')
  .option('--json', 'print one JSON document for a script')
  .showHelpAfterError('Run "ampoule --help" for the commands.')
  .exitOverride();
export const printer = () => createPrinter({ json: program.opts<{ json?: boolean }>().json === true });

addFunctionCommands(program, printer);
