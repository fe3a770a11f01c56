import { createHash, randomBytes } from 'node:crypto';
import { parse } from '@ampoule/lib/parse';
import type { Command } from 'commander';
import * as z from 'zod';
import type { ApiClient } from '../api-client.ts';
import { aside, type Format, outputOption, show } from '../output.ts';
import { type ApiObject, apiGateways, getObject, namespaceOf, pathOf } from '../resources.ts';
import { type Column, table } from '../table.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const KEY_BYTES = 32;
/** By it people and programs that look for secrets in files see what a key is. */
const KEY_PREFIX = 'ampk_';
const MODE = 'accessKey';

const keySchema = z.looseObject({ name: z.string(), sha256: z.string(), createdAt: z.string().optional() });
type AccessKey = z.output<typeof keySchema>;

const specSchema = z.looseObject({
  authenticationMode: z.string().optional(),
  authentication: z.looseObject({ accessKeys: z.array(keySchema).nullish() }).nullish(),
});
type Spec = z.output<typeof specSchema>;

const columns: readonly Column<AccessKey>[] = [
  { title: 'Name', value: ({ name }) => name },
  { title: 'Created', value: ({ createdAt = '' }) => createdAt },
  { title: 'SHA-256', value: ({ sha256 }) => sha256, isWide: true },
];

/** `ampoule gateway key …`: the keys of one API gateway, of which the API knows the hashes alone. */
export function addGatewayKeys(parent: Command, shell: Shell): void {
  const group = parent.command('key').description('access keys of an API gateway');
  addCreate(group, shell);
  addList(group, shell);
  addDelete(group, shell);
}

function addCreate(group: Command, shell: Shell): void {
  const command = group
    .command('create <gateway> <name>')
    .description('make an access key for a caller, and show it this once')
    .option('--require', 'let in nobody without a key from now on')
    .action(async (gateway: string, name: string, { require: isRequired }: { require?: boolean }) => {
      const api = await shell.connect();
      const object = await getObject(api, apiGateways, gateway);
      const spec = specOf(object);
      const key = `${KEY_PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`;
      const added = { name, sha256: createHash('sha256').update(key).digest('hex'), createdAt: new Date().toISOString() };
      const wanted = withKeys(spec, [...keysOf(spec), added]);
      const mode = isRequired ? MODE : (spec.authenticationMode ?? 'none');
      await replace(api, object, { ...wanted, authenticationMode: mode });
      show(shell.printer, { data: { gateway, name, key, authenticationMode: mode }, text: () => key });
      if (shell.isJson) return;
      aside(`This is the key of ${name} for API gateway ${gateway}. Nobody can show it again.`);
      if (mode !== MODE) aside(`The gateway does not ask for keys yet: its mode of authentication is ${mode}. With --require it does.`);
    });
  withExamples(command, 'ampoule gateway key create public ann --require', 'ampoule gateway key create public bob > bob.key');
}

function addList(group: Command, shell: Shell): void {
  const command = group
    .command('list <gateway>')
    .description('list the access keys of an API gateway')
    .addOption(outputOption())
    .action(async (gateway: string, { output }: { output: Format }) => {
      const keys = keysOf(specOf(await getObject(await shell.connect(), apiGateways, gateway)));
      const text = (isWide: boolean) => (keys.length === 0 ? `API gateway ${gateway} has no keys.` : table(columns, keys, isWide));
      show(shell.printer, { data: keys, text }, output);
    });
  withExamples(command, 'ampoule gateway key list public');
}

function addDelete(group: Command, shell: Shell): void {
  const command = group
    .command('delete <gateway> <name>')
    .description('take an access key back; one that is not there is as good as taken back')
    .action(async (gateway: string, name: string) => {
      const api = await shell.connect();
      const object = await getObject(api, apiGateways, gateway);
      const spec = specOf(object);
      const kept = keysOf(spec).filter((key) => key.name !== name);
      if (kept.length < keysOf(spec).length) await replace(api, object, withKeys(spec, kept));
      show(shell.printer, { data: { gateway, name, removed: true }, text: () => `Key ${name} of API gateway ${gateway} is removed.` });
    });
  withExamples(command, 'ampoule gateway key delete public ann');
}

function specOf({ metadata, spec }: ApiObject): Spec {
  return parse(specSchema, spec, `The API gateway ${metadata.name}`);
}

function keysOf({ authentication }: Spec): AccessKey[] {
  return authentication?.accessKeys ?? [];
}

function withKeys(spec: Spec, accessKeys: AccessKey[]): Spec {
  return { ...spec, authentication: { ...spec.authentication, accessKeys } };
}

/** The version that was read goes with it, so that nobody's change in the meantime is lost. */
async function replace(api: ApiClient, { metadata }: ApiObject, spec: Spec): Promise<void> {
  await api.call('PUT', pathOf(apiGateways, metadata.name), { headers: namespaceOf(api, apiGateways), body: { metadata, spec } });
}
