import { parse } from '@ampoule/lib/parse';
import { type Command, Option } from 'commander';
import * as z from 'zod';
import type { ApiAnswer } from '../api-client.ts';
import { duration } from '../deploy/values.ts';
import { cliError } from '../errors.ts';
import { hasInput, readInput } from '../input.ts';
import { type LogRecord, logRecordsSchema, recordText } from '../log-line.ts';
import { aside, bytes, show } from '../output.ts';
import { printable } from '../table.ts';
import { withExamples } from './examples.ts';
import { invokeLater } from './invocation.ts';
import type { Shell } from './shell.ts';

interface InvokeFlags {
  body?: string;
  contentType?: string;
  headers?: string[];
  logLevel: string;
  method?: string;
  path?: string;
  timeout: string;
  raiseOnStatus?: boolean;
  async?: boolean;
}

const FIRST_BAD = 400;
/** The dashboard gives up first, and says why. */
const MARGIN_MS = 5000;

const headersSchema = z
  .array(z.string().regex(/^[\w-]+[=:]/, 'must be NAME=VALUE'))
  .default([])
  .transform((values) => Object.fromEntries(values.map((value) => splitHeader(value))));

/** Calls a function through the API. */
export function addInvoke(parent: Command, shell: Shell): Command {
  const command = shell
    .verb(parent, 'invoke <function>')
    .description('call a function; its log and headers go to standard error, the body of its answer to standard output')
    .option('-b, --body <text>', 'body of the request; what is piped in by default')
    .option('-c, --content-type <type>', 'type of the body')
    .option('-d, --headers <name=value>', 'header of the request; can be repeated, or hold several with commas', collect)
    .addOption(
      new Option('-l, --log-level <level>', 'what to show of the log').choices(['none', 'debug', 'info', 'warn', 'error']).default('info'),
    )
    .option('-m, --method <method>', 'GET without a body, POST with one, by default')
    .option('-p, --path <path>', 'path, and query if need be')
    .option('-t, --timeout <duration>', 'how long to wait for the answer', '1m')
    .option('--async', 'have it called later, with retries, and print the id to ask for its result')
    .option('--raise-on-status', 'fail when the status of the answer is 400 or more')
    .action((name: string, flags: InvokeFlags) => invoke(shell, name, flags));
  const at = `${shell.words(parent, 'invoke')} hello`;
  return withExamples(
    command,
    at,
    `${at} -b '{"name": "world"}' -c application/json`,
    `${at} --raise-on-status < reading.json | jq .`,
    `${at} --async`,
  );
}

async function invoke(shell: Shell, name: string, flags: InvokeFlags): Promise<void> {
  const timeoutMs = parse(duration, flags.timeout, '--timeout');
  const given = parse(headersSchema, flags.headers, '--headers');
  const body = flags.body ?? (hasInput() ? await readInput() : undefined);
  const isEmpty = body === undefined || body.length === 0;
  const api = await shell.connect();
  const method = flags.method ?? (isEmpty ? 'GET' : 'POST');
  const options = {
    headers: {
      ...(isEmpty ? {} : { 'content-type': flags.contentType ?? 'text/plain' }),
      ...given,
      'x-nuclio-function-name': name,
      'x-nuclio-function-namespace': api.connection.namespace,
      'x-nuclio-path': flags.path,
      'x-nuclio-invoke-timeout': flags.timeout,
      'x-nuclio-log-level': flags.logLevel === 'none' ? undefined : flags.logLevel,
    },
    ...(isEmpty ? {} : { body }),
    timeoutMs: timeoutMs + MARGIN_MS,
  };
  if (flags.async) {
    const id = await invokeLater(api, method, options);
    return show(shell.printer, { data: { id }, text: () => id });
  }
  const answer = await api.passOn(method, '/api/function_invocations', options);
  const logs = logsOf(answer);
  const { 'x-nuclio-logs': _logs, ...headers } = answer.headers;
  if (shell.isJson) shell.printer.result({ status: answer.status, headers, logs, body: answer.body.toString() });
  else showAnswer({ ...answer, headers }, logs);
  if (flags.raiseOnStatus && answer.status >= FIRST_BAD) {
    throw cliError('AMP_CLI_INVOKE_STATUS', {
      what: `Function ${name} answered with status ${answer.status}`,
      fix: `"ampoule logs ${name}" shows what it has written.`,
    });
  }
}

function showAnswer({ status, headers, body }: ApiAnswer, logs: readonly LogRecord[]): void {
  for (const record of logs) aside(recordText(record));
  const shown = Object.entries(headers);
  aside([`Status ${status}`, ...shown.map(([name, value]) => `${name}: ${printable(String(value))}`), ''].join('\n'));
  bytes(body);
  if (process.stdout.isTTY && body.at(-1) !== 0x0a) bytes('\n');
}

function logsOf({ headers }: ApiAnswer): LogRecord[] {
  const text = headers['x-nuclio-logs'];
  try {
    return typeof text === 'string' ? (logRecordsSchema.safeParse(JSON.parse(text)).data ?? []) : [];
  } catch {
    return [];
  }
}

function splitHeader(text: string): [name: string, value: string] {
  const at = text.search(/[=:]/);
  return [text.slice(0, at).toLowerCase(), text.slice(at + 1).trim()];
}

/** As nuctl does: `a=1,b=2`. A comma that begins no further header belongs to the value. */
function collect(value: string, previous: string[] = []): string[] {
  return [...previous, ...value.split(/,(?=[\w-]+=)/)];
}
