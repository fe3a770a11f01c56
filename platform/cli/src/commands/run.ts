import { parse } from '@ampoule/lib/parse';
import { type FunctionConfig, functionConfigSchema } from '@ampoule/platform-api/function';
import type { Command } from 'commander';
import * as z from 'zod';
import { collect } from '../collect.ts';
import { variables } from '../deploy/values.ts';
import { cliError } from '../errors.ts';
import { bytes } from '../output.ts';
import { inspected } from '../run/inspection.ts';
import { localText } from '../run/local-text.ts';
import { Session } from '../run/session.ts';
import { readSource } from '../source/read.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

interface RunFlags {
  port: string;
  watch?: boolean;
  inspect?: string | true;
  env?: string[];
}

const flagsSchema = z.object({
  port: z.coerce.number('must be a number').int().min(0).max(65_535),
  env: variables.default([]),
});

/** Runs a function on this machine: no cluster, no root. */
export function addRun(parent: Command, shell: Shell): Command {
  const command = shell
    .verb(parent, 'run <path>')
    .description('run a function from a file or folder on this machine, without a cluster; Ctrl-C ends it')
    .option('--port <port>', 'port on this machine; 0 takes a free one', '8080')
    .option('--watch', 'start it anew when a file changes')
    .option('--inspect [address]', 'let a debugger of Node.js or Python attach, by default at 127.0.0.1:9229 or :5678')
    .option('-e, --env <name=value>', 'variable of the environment; can be repeated', collect)
    .action((path: string, flags: RunFlags) => run(shell, path, flags));
  const at = shell.words(parent, 'run');
  return withExamples(command, `${at} ./hello --watch`, `${at} main.py --port 9000 -e COLOUR=blue`, `${at} ./hello --inspect`);
}

async function run(shell: Shell, path: string, flags: RunFlags): Promise<void> {
  const { port, env } = parse(flagsSchema, { port: flags.port, env: flags.env }, 'The command line');
  const session = new Session({
    printer: shell.printer,
    port,
    read: async () => {
      const { config, folder } = await readRunnable(path, env);
      const inspection = flags.inspect === undefined ? { config } : inspected(config, flags.inspect);
      return { ...inspection, folder, onLine: (line) => tell(line, shell.isJson) };
    },
    onStarted: (url) => {
      if (shell.isJson) bytes(`${JSON.stringify({ event: 'started', url })}\n`);
    },
  });
  if (flags.watch) await session.untilStoppedWatching((await readSource(path)).folder);
  else await session.untilStopped();
}

/** @throws AMP_CLI_SOURCE, AMP_INPUT_INVALID */
async function readRunnable(path: string, env: object[]): Promise<{ config: FunctionConfig; folder: string }> {
  const { folder, draft } = await readSource(path);
  if (draft.spec.handler === undefined) {
    throw cliError('AMP_CLI_SOURCE', {
      what: `It cannot be told where the function in ${path} begins`,
      fix: 'Call its file handler.js, main.py or the like, or name runtime and handler in function.yaml.',
    });
  }
  const config = parse(functionConfigSchema, draft, `The function in ${path}`);
  const spec = parse(functionConfigSchema.shape.spec, { ...config.spec, env: [...(config.spec.env ?? []), ...env] }, 'The command line');
  return { config: { ...config, spec }, folder };
}

function tell(line: string, isJson: boolean): void {
  const text = isJson ? line : localText(line);
  if (text !== undefined) bytes(`${text}\n`);
}
