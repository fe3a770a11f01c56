import * as z from 'zod';
import type { ApiClient } from './api-client.ts';
import { functions, namespaceOf, pathOf } from './resources.ts';
import type { Colour, Column } from './table.ts';

const canarySchema = z.looseObject({ version: z.int(), interval: z.string(), stepWeight: z.int() });

/** An alias of a function, as the API shows it. */
const aliasSchema = z.looseObject({
  name: z.string(),
  version: z.int(),
  previousVersion: z.int().optional(),
  host: z.string(),
  path: z.string(),
  canary: canarySchema.optional(),
  phase: z.string(),
  weight: z.int(),
  message: z.string(),
});
export type Alias = z.output<typeof aliasSchema>;

export const aliasColumns: readonly Column<Alias>[] = [
  { title: 'Alias', value: ({ name }) => name },
  { title: 'Address', value: ({ host, path }) => `${host}${path}` },
  { title: 'Version', value: ({ version }) => String(version) },
  { title: 'Canary', value: ({ canary, weight }) => (canary === undefined ? '' : `${canary.version} at ${weight}%`) },
  { title: 'Phase', value: ({ phase }) => phase, colour: colourOf },
  { title: 'Message', value: ({ message }) => message },
];

export async function listAliases(api: ApiClient, functionName: string): Promise<Alias[]> {
  const schema = z.object({ aliases: z.array(aliasSchema) });
  return (await api.read(schema, `${pathOf(functions, functionName)}/aliases`, namespaceOf(api, functions))).aliases;
}

/** Changes an alias, or does something with it: `what` is `canary`, `promote` or `rollback`. */
export async function changeAlias(
  api: ApiClient,
  { functionName, alias, what }: { functionName: string; alias: string; what?: string },
  body: object = {},
): Promise<Alias> {
  const path = aliasPathOf(functionName, alias);
  const headers = namespaceOf(api, functions);
  const answer =
    what === undefined ? await api.call('PUT', path, { headers, body }) : await api.call('POST', `${path}/${what}`, { headers, body });
  return aliasSchema.parse(JSON.parse(answer.body.toString()));
}

export function aliasPathOf(functionName: string, alias: string): string {
  return `${pathOf(functions, functionName)}/aliases/${encodeURIComponent(alias)}`;
}

function colourOf(phase: string): Colour {
  if (phase === 'Stable' || phase === 'Succeeded') return 'green';
  return phase === 'Failed' || phase === 'RolledBack' ? 'red' : 'yellow';
}
