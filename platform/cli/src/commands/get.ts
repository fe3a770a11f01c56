import { mapConcurrently } from '@ampoule/lib/concurrent';
import type { Command } from 'commander';
import * as z from 'zod';
import type { ApiClient } from '../api-client.ts';
import { type Format, outputOption, show } from '../output.ts';
import { type ApiObject, functions, getObject, type Kind, listObjects, namespaceOf, pathOf } from '../resources.ts';
import { table } from '../table.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const PARALLEL = 8;
const replicasSchema = z.object({ names: z.array(z.string()) });

/** Lists objects of a kind, or shows one. */
export function addGet(parent: Command, name: string, kind: Kind, shell: Shell): Command {
  const command = parent
    .command(`${name} [name]`)
    .description(`list ${nounOf(kind)}s, or show one`)
    .addOption(outputOption())
    .option('-l, --labels <a=b,...>', 'only those with these labels')
    .action(async (wanted: string | undefined, { output, labels }: { output: Format; labels?: string }) => {
      const api = await shell.connect();
      const found = wanted === undefined ? await listObjects(api, kind) : [await getObject(api, kind, wanted)];
      const chosen = found.filter(hasLabels(labels));
      const isTable = !shell.isJson && (output === 'text' || output === 'wide');
      const rows = isTable && kind === functions ? await mapConcurrently(chosen, PARALLEL, (fn) => withReplicas(api, fn)) : chosen;
      const text = (isWide: boolean) => (rows.length === 0 ? `There are no ${nounOf(kind)}s.` : table(kind.columns, rows, isWide));
      show(shell.printer, { data: wanted === undefined ? chosen : chosen[0], text }, output);
    });
  const at = `ampoule ${parent.name()} ${name}`;
  return withExamples(command, at, `${at} hello -o yaml`, `${at} -o wide`);
}

/** What a kind is called in a sentence. */
export function nounOf({ title }: Kind): string {
  return title.startsWith('API') ? title : title.toLowerCase();
}

/** The cluster's word on how many replicas there are; a table shows it. */
async function withReplicas(api: ApiClient, fn: ApiObject): Promise<ApiObject> {
  const found = await api.find(replicasSchema, `${pathOf(functions, fn.metadata.name)}/replicas`, namespaceOf(api, functions));
  return { ...fn, status: { ...fn.status, replicas: found?.names.length ?? 0 } };
}

function hasLabels(selector = ''): (object: ApiObject) => boolean {
  const wanted = selector.split(',').filter((part) => part !== '');
  return ({ metadata }) => {
    const own = new Set(Object.entries(metadata.labels ?? {}).map(([name, value]) => `${name}=${value}`));
    return wanted.every((pair) => own.has(pair));
  };
}
