import type { Printer } from '@ampoule/lib/print';
import { type Command, CommanderError } from 'commander';

/** Runs a command line to its end: what fails is printed, and the process ends with the exit code. */
export async function runProgram(program: Command, printer: () => Printer): Promise<never> {
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
}
