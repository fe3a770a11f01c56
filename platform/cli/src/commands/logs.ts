import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import * as z from 'zod';
import { logText } from '../log-line.ts';
import { bytes } from '../output.ts';
import { functions, namespaceOf, pathOf } from '../resources.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

interface LogFlags {
  follow?: boolean;
  since?: string;
  tail?: string;
}

const replicasSchema = z.object({ names: z.array(z.string()) });
const tailSchema = z.string().regex(/^\d+$/, 'must be a number of lines').optional();

/** Shows what the replicas of a function have written. */
export function addLogs(parent: Command, shell: Shell): Command {
  const command = shell
    .verb(parent, 'logs <function>')
    .description('show the log of a function, of all its replicas; with --json as it was written')
    .option('--follow', 'go on with what is written from now on')
    .option('--since <duration>', 'only what was written in the last time, for example 10m')
    .option('--tail <lines>', 'only the last lines of each replica')
    .action(async (name: string, { follow, since, tail }: LogFlags) => {
      const tailLines = parse(tailSchema, tail, '--tail');
      const api = await shell.connect();
      const base = pathOf(functions, name);
      const headers = namespaceOf(api, functions);
      const { names } = await api.read(replicasSchema, `${base}/replicas`, headers);
      if (names.length === 0) shell.printer.line(`Function ${name} has no replicas now.`);
      const query = new URLSearchParams({ follow: String(follow === true) });
      if (since !== undefined) query.set('since', since);
      if (tailLines !== undefined) query.set('tailLines', tailLines);
      const streams = names.map(async (replica) => {
        const log = await api.stream(`${base}/logs/${encodeURIComponent(replica)}?${query}`, headers);
        await copy(log, shell.isJson, names.length > 1 ? `${replica}  ` : '');
      });
      await Promise.all(streams);
    });
  const at = `${shell.words(parent, 'logs')} hello`;
  return withExamples(command, at, `${at} --follow --tail 20`, `${at} --since 1h`);
}

async function copy(log: Readable, isRaw: boolean, prefix: string): Promise<void> {
  for await (const line of createInterface(log)) bytes(isRaw ? `${line}\n` : `${prefix}${logText(line)}\n`);
}
