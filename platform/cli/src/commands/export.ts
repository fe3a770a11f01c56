import type { Command } from 'commander';
import * as z from 'zod';
import { type Format, outputOption, show, yamlOf } from '../output.ts';
import { type Kind, namespaceOf, pathOf } from '../resources.ts';
import { withExamples } from './examples.ts';
import { nounOf } from './get.ts';
import type { Shell } from './shell.ts';

/** Writes objects in the form in which another appliance takes them in. */
export function addExport(parent: Command, name: string, kind: Kind, shell: Shell): Command {
  const command = parent
    .command(`${name} [name]`)
    .description(`write ${nounOf(kind)}s, or one, in a form that "import" reads; without secrets`)
    .addOption(outputOption(['yaml', 'json']))
    .option('--with-secrets', 'with passwords and the like, for a backup')
    .action(async (wanted: string | undefined, { output, withSecrets }: { output: Format; withSecrets?: boolean }) => {
      const api = await shell.connect();
      const path = wanted === undefined ? kind.path : pathOf(kind, wanted);
      const headers = { ...namespaceOf(api, kind), 'x-ampoule-export-secrets': withSecrets ? 'true' : undefined };
      const data = await api.read(z.looseObject({}), `${path}?export=true`, headers);
      show(shell.printer, { data, text: () => yamlOf(data) }, output);
    });
  return withExamples(command, `ampoule ${parent.name()} ${name} > all.yaml`, `ampoule ${parent.name()} ${name} hello -o json`);
}
