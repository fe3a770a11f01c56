import { Argument, type Command } from 'commander';
import { completionScript, shells } from '../completion.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

/** Prints what makes a shell complete the commands. */
export function addCompletion(parent: Command, shell: Shell): Command {
  const command = parent
    .command('completion')
    .description('print a script that makes a shell complete commands and flags')
    .addArgument(new Argument('<shell>', 'which shell').choices([...shells]))
    .action((name: (typeof shells)[number]) => {
      const script = completionScript(shell.program, name);
      shell.printer.line(script);
      shell.printer.result({ shell: name, script });
    });
  return withExamples(
    command,
    'source <(ampoule completion bash)',
    'source <(ampoule completion zsh)',
    'ampoule completion fish > ~/.config/fish/completions/ampoule.fish',
  );
}
