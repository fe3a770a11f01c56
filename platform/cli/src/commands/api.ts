import type { Command } from 'commander';
import { collect } from '../collect.ts';
import { readTextInput } from '../input.ts';
import { bytes } from '../output.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

/** Sends a request to the REST API as it is. */
export function addApi(parent: Command, shell: Shell): Command {
  const command = parent
    .command('api <method> <path>')
    .description('send a request to the REST API and show the body of the answer')
    .option('--body <file>', 'file with the JSON to send; - is standard input')
    .option('-H, --header <name:value>', 'header of the request; can be repeated', collect)
    .action(async (method: string, path: string, { body: file, header = [] }: { body?: string; header?: string[] }) => {
      const body = file === undefined ? undefined : await readTextInput(file);
      const api = await shell.connect();
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...Object.fromEntries(header.map((text) => [text.split(':')[0]?.trim() ?? '', text.slice(text.indexOf(':') + 1).trim()])),
      };
      const answer = await api.call(method.toUpperCase(), path, { headers, ...(body === undefined ? {} : { body }) });
      bytes(answer.body);
      if (process.stdout.isTTY && answer.body.length > 0) bytes('\n');
    });
  return withExamples(command, 'ampoule api GET /api/openapi.json', 'ampoule api POST /api/projects --body project.json');
}
