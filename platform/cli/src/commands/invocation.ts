import type { Command } from 'commander';
import * as z from 'zod';
import type { ApiClient } from '../api-client.ts';
import { aside, bytes, show } from '../output.ts';
import { type Colour, type Column, table } from '../table.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const invocationSchema = z.looseObject({
  id: z.string(),
  function: z.string(),
  state: z.string(),
  attempts: z.int(),
  maxAttempts: z.int(),
  createdAt: z.string(),
  startedAt: z.string().optional(),
  finishedAt: z.string().optional(),
  nextAttemptAt: z.string().optional(),
  statusCode: z.int().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
type Invocation = z.output<typeof invocationSchema>;

const columns: readonly Column<Invocation>[] = [
  { title: 'Function', value: (each) => each.function },
  { title: 'State', value: ({ state }) => state, colour: colourOf },
  { title: 'Attempts', value: ({ attempts, maxAttempts }) => `${attempts}/${maxAttempts}` },
  { title: 'Status', value: ({ statusCode }) => String(statusCode ?? '') },
  { title: 'Asked', value: ({ createdAt }) => createdAt },
  { title: 'Ended', value: ({ finishedAt }) => finishedAt ?? '' },
  { title: 'Next attempt', value: ({ nextAttemptAt }) => nextAttemptAt ?? '' },
  { title: 'Trouble', value: ({ error }) => error?.message ?? '' },
];

const ID_EXAMPLE = '6f2d5a3e-0c64-4e2a-9d6b-0a1b2c3d4e5f';

/** `ampoule invocation`: asynchronous invocations by their ids. */
export function addInvocations(group: Command, shell: Shell): void {
  addShow(group, shell);
  addResult(group, shell);
  addCancel(group, shell);
}

function addShow(group: Command, shell: Shell): void {
  const command = group
    .command('show <id>')
    .description('show how far an asynchronous invocation is')
    .action(async (id: string) => {
      const api = await shell.connect();
      showInvocation(shell, await api.read(invocationSchema, pathOf(id)));
    });
  withExamples(command, `ampoule invocation show ${ID_EXAMPLE}`);
}

function addResult(group: Command, shell: Shell): void {
  const command = group
    .command('result <id>')
    .description('write the answer of the function to standard output')
    .action(async (id: string) => {
      const api = await shell.connect();
      const { status, headers, body } = await api.passOn('GET', `${pathOf(id)}/result`);
      const type = headers['content-type'];
      if (shell.isJson) return shell.printer.result({ status, contentType: type, body: body.toString() });
      aside(`Status ${status}${type === undefined ? '' : `, ${String(type)}`}`);
      bytes(body);
    });
  withExamples(command, `ampoule invocation result ${ID_EXAMPLE} > answer.json`);
}

function addCancel(group: Command, shell: Shell): void {
  const command = group
    .command('cancel <id>')
    .description('keep an asynchronous invocation from running, or break off its call')
    .action(async (id: string) => {
      const answer = await (await shell.connect()).call('DELETE', pathOf(id));
      showInvocation(shell, invocationSchema.parse(JSON.parse(answer.body.toString())));
    });
  withExamples(command, `ampoule invocation cancel ${ID_EXAMPLE}`);
}

function showInvocation({ printer }: Shell, invocation: Invocation): void {
  show(printer, { data: invocation, text: () => table(columns, [invocation]) });
}

/** The API of the dashboard for an invocation. */
function pathOf(id: string): string {
  return `/api/invocations/${encodeURIComponent(id)}`;
}

/** Has a function called later, and gives the id of that invocation. */
export async function invokeLater(api: ApiClient, method: string, options: Parameters<ApiClient['call']>[2] = {}): Promise<string> {
  const headers = { ...options.headers, prefer: 'respond-async' };
  const answer = await api.call(method, '/api/function_invocations', { ...options, headers });
  return z.object({ id: z.string() }).parse(JSON.parse(answer.body.toString())).id;
}

function colourOf(state: string): Colour {
  if (state === 'done') return 'green';
  return state === 'failed' ? 'red' : 'yellow';
}
