import type { Command } from 'commander';
import * as z from 'zod';
import { show, yamlOf } from '../output.ts';
import { type Column, printable, table } from '../table.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const letterSchema = z.looseObject({
  id: z.string(),
  function: z.string(),
  method: z.string(),
  path: z.string(),
  attempts: z.int(),
  failedAt: z.string(),
  statusCode: z.int().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
type Letter = z.output<typeof letterSchema>;

const columns: readonly Column<Letter>[] = [
  { title: 'Id', value: ({ id }) => id },
  { title: 'Function', value: (each) => each.function },
  { title: 'Request', value: ({ method, path }) => `${method} ${path}` },
  { title: 'Attempts', value: ({ attempts }) => String(attempts) },
  { title: 'Failed', value: ({ failedAt }) => failedAt },
  { title: 'Reason', value: ({ error }) => error?.message ?? '' },
];

const ID_EXAMPLE = '6f2d5a3e-0c64-4e2a-9d6b-0a1b2c3d4e5f';

/** `ampoule dead-letter`: asynchronous invocations that were given up. */
export function addDeadLetters(group: Command, shell: Shell): void {
  addList(group, shell);
  addShow(group, shell);
  addRedrive(group, shell);
  addDelete(group, shell);
}

function addList(group: Command, shell: Shell): void {
  const command = group
    .command('list [function]')
    .description('list what was given up, the newest first')
    .action(async (name: string | undefined) => {
      const api = await shell.connect();
      const headers = { 'x-nuclio-function-namespace': api.connection.namespace };
      const path = `/api/dead_letters${name === undefined ? '' : `?function=${encodeURIComponent(name)}`}`;
      const { deadLetters } = await api.read(z.object({ deadLetters: z.array(letterSchema) }), path, headers);
      show(shell.printer, {
        data: deadLetters,
        text: () => (deadLetters.length === 0 ? 'Nothing was given up.' : table(columns, deadLetters)),
      });
    });
  withExamples(command, 'ampoule dead-letter list', 'ampoule dead-letter list hello');
}

function addShow(group: Command, shell: Shell): void {
  const command = group
    .command('show <id>')
    .description('show the request that was given up, and why')
    .action(async (id: string) => {
      const api = await shell.connect();
      const { bodyBase64, ...letter } = await api.read(letterSchema.extend({ bodyBase64: z.string() }), pathOf(id));
      const body = printable(Buffer.from(bodyBase64, 'base64').toString());
      show(shell.printer, { data: { ...letter, bodyBase64 }, text: () => printable(yamlOf({ ...letter, body })).trimEnd() });
    });
  withExamples(command, `ampoule dead-letter show ${ID_EXAMPLE}`);
}

function addRedrive(group: Command, shell: Shell): void {
  const command = group
    .command('redrive <id>')
    .description('have it tried again, with all its attempts')
    .action(async (id: string) => {
      await (await shell.connect()).call('POST', `${pathOf(id)}/redrive`);
      show(shell.printer, { data: { id, state: 'queued' }, text: () => `${id} is in the queue again.` });
    });
  withExamples(command, `ampoule dead-letter redrive ${ID_EXAMPLE}`);
}

function addDelete(group: Command, shell: Shell): void {
  const command = group
    .command('delete <id>')
    .description('remove it for good')
    .action(async (id: string) => {
      await (await shell.connect()).call('DELETE', pathOf(id));
      show(shell.printer, { data: { id, state: 'deleted' }, text: () => `${id} is removed.` });
    });
  withExamples(command, `ampoule dead-letter delete ${ID_EXAMPLE}`);
}

function pathOf(id: string): string {
  return `/api/dead_letters/${encodeURIComponent(id)}`;
}
