import { type Command, Option } from 'commander';
import { show } from '../output.ts';
import { functions, type Kind, namespaceOf, projects } from '../resources.ts';
import { withExamples } from './examples.ts';
import { nounOf } from './get.ts';
import type { Shell } from './shell.ts';

interface DeleteFlags {
  force?: boolean;
  withApiGateways?: boolean;
  strategy?: string;
}

/** Removes one object of a kind. */
export function addDelete(parent: Command, name: string, kind: Kind, shell: Shell): Command {
  const whenMissing = kind === projects ? '' : '; one that is not there is as good as removed';
  const command = parent.command(`${name} <name>`).description(`remove ${articleOf(kind)} ${nounOf(kind)}${whenMissing}`);
  if (kind === functions) {
    command
      .option('-f, --force', 'also while it is being deployed')
      .option('--with-api-gateways', 'remove the API gateways that lead to it too');
  }
  if (kind === projects) {
    const strategies = ['restricted', 'cascading', 'check'];
    command.addOption(
      new Option('--strategy <strategy>', 'only an empty one, or with all in it, or only look whether it could be')
        .choices(strategies)
        .default('restricted'),
    );
  }
  command.action(async (target: string, { force, withApiGateways, strategy }: DeleteFlags) => {
    const api = await shell.connect();
    const headers = {
      ...namespaceOf(api, kind),
      'x-nuclio-delete-function-ignore-state-validation': force ? 'true' : undefined,
      'x-nuclio-delete-function-with-api-gateways': withApiGateways ? 'true' : undefined,
      'x-nuclio-delete-project-strategy': strategy,
    };
    await api.call('DELETE', kind.path, { headers, body: { metadata: { name: target } } });
    const isCheck = strategy === 'check';
    const text = isCheck ? `${kind.title} ${target} can be removed.` : `${kind.title} ${target} is removed.`;
    show(shell.printer, { data: { name: target, removed: !isCheck }, text: () => text });
  });
  const at = `ampoule ${parent.name()} ${name} old`;
  const more = kind === functions ? [`${at} --with-api-gateways`] : kind === projects ? [`${at} --strategy cascading`] : [];
  return withExamples(command, at, ...more);
}

function articleOf(kind: Kind): string {
  return /^[AEIOU]/.test(kind.title) ? 'an' : 'a';
}
