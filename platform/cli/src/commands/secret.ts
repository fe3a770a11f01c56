import { readFile } from 'node:fs/promises';
import { messageOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import * as z from 'zod';
import { collect } from '../collect.ts';
import { splitPair } from '../deploy/values.ts';
import { cliError } from '../errors.ts';
import { readInput } from '../input.ts';
import { show } from '../output.ts';
import { namespaceOf, objectSchema, pathOf, secrets } from '../resources.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

interface CreateFlags {
  fromFile?: string[];
  fromEnvFile?: string;
  replace?: boolean;
}

const STDIN = '-';

/** Keeps a secret. Values come by files and standard input alone: arguments of a program can be seen by others on its machine. */
export function addCreateSecret(parent: Command, name: string, shell: Shell): Command {
  const command = parent
    .command(`${name} <name>`)
    .description('keep a secret that functions can have as variables or files; values come from files or standard input')
    .option('--from-file <key=file>', 'a value, as it is in a file; "-" is standard input; can be repeated', collect)
    .option('--from-env-file <file>', 'lines of NAME=VALUE; "-" is standard input')
    .option('--replace', 'replace all values of a secret that is there')
    .action(async (secret: string, flags: CreateFlags) => {
      const data = await dataOf(flags);
      const api = await shell.connect();
      const body = { metadata: { name: secret }, spec: { data } };
      const headers = namespaceOf(api, secrets);
      const isThere = flags.replace === true && (await api.find(objectSchema, pathOf(secrets, secret), headers)) !== undefined;
      if (isThere) await api.call('PUT', pathOf(secrets, secret), { headers, body });
      else await api.call('POST', secrets.path, { headers, body });
      const keys = Object.keys(data).sort();
      const text = () => `Secret ${secret} is ${isThere ? 'replaced' : 'created'}, with ${keys.join(', ')}.`;
      show(shell.printer, { data: { name: secret, keys, replaced: isThere }, text });
    });
  const at = `ampoule ${parent.name()} ${name} database`;
  return withExamples(command, `${at} --from-env-file database.env`, `pass show database | ${at} --from-file password=- --replace`);
}

const pair = z.string().regex(/^[^=]+=.+$/, 'must be KEY=FILE');
/** An answer about a line must not repeat it, as it may be a secret. */
const linesSchema = z.record(z.string(), z.string().regex(/^[^=\s]+=/, 'must be NAME=VALUE'));
const valuesSchema = z
  .record(z.string(), z.string())
  .refine((data) => Object.keys(data).length > 0, 'needs a value: give --from-file or --from-env-file');

/** The values in base64, by their keys. @throws AMP_INPUT_INVALID, AMP_CLI_FILE */
async function dataOf({ fromFile = [], fromEnvFile }: CreateFlags): Promise<Record<string, string>> {
  const data: Record<string, string> = {};
  for (const [key, file] of parse(z.array(pair), fromFile, '--from-file').map(splitPair))
    data[key] = (await bytesOf(file)).toString('base64');
  if (fromEnvFile !== undefined) {
    for (const [key, value] of variablesOf((await bytesOf(fromEnvFile)).toString())) data[key] = Buffer.from(value).toString('base64');
  }
  return parse(valuesSchema, data, 'The secret');
}

/** Empty lines and those that begin with # are none. */
function variablesOf(text: string): [key: string, value: string][] {
  const lines = text.split(/\r?\n/).map((line, index) => [`line ${index + 1}`, line] as const);
  const given = lines.filter(([, line]) => line.trim() !== '' && !line.startsWith('#'));
  return Object.values(parse(linesSchema, Object.fromEntries(given), '--from-env-file')).map(splitPair);
}

async function bytesOf(file: string): Promise<Buffer> {
  if (file === STDIN) return readInput();
  return readFile(file).catch((cause: unknown) => {
    throw cliError('AMP_CLI_FILE', { what: `${file} cannot be read`, why: messageOf(cause), fix: 'Give the path of a file.', cause });
  });
}
