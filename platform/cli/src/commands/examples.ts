import type { Command } from 'commander';

/** Adds examples below the help of a command, each with its effect where that is not plain. */
export function withExamples(command: Command, ...examples: string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}
