import { styleText } from 'node:util';
import { annotations } from '@ampoule/platform-api/constants';
import { enrichFunction } from '@ampoule/platform-api/enrich';
import type { FunctionConfig } from '@ampoule/platform-api/function';
import { maskFunction, referencesIn } from '@ampoule/platform-api/mask';
import { referenceOf } from '@ampoule/platform-api/mask-fields';
import type { Command } from 'commander';
import { type Difference, differencesOf } from '../deploy/differences.ts';
import { addDeployFlags } from '../deploy/flags.ts';
import { prepareFunction } from '../deploy/prepare.ts';
import { show } from '../output.ts';
import { type ApiObject, findObject, functions } from '../resources.ts';
import { printable } from '../table.ts';
import { addOriginFlags, type OriginFlags } from './deploy.ts';
import { withExamples } from './examples.ts';
import type { Shell } from './shell.ts';

const CODE = 'spec.build.functionSourceCode';
const SECRET = `metadata.annotations.${annotations.secret}`;
/** What the platform notes down of a build, and the image that it made. */
const OF_BUILD: readonly string[] = ['spec.image', 'spec.imageHash', 'spec.build.timestamp', 'spec.build.mode'];

/** Shows what a deploy would change. */
export function addDiff(parent: Command, shell: Shell): Command {
  const command = addOriginFlags(
    shell.verb(parent, 'diff [path-or-name]').description('show what a deploy would change; exit code 1 when that is something'),
  ).action(async (target: string | undefined, flags: OriginFlags, self: Command) => {
    const { config } = await prepareFunction({ target, ...flags }, self);
    const api = await shell.connect();
    const current = await findObject(api, functions, config.metadata.name);
    const differences = changesOf(current, config);
    const { name } = config.metadata;
    const text = () => {
      if (current === undefined) return `Function ${name} is not there; a deploy would create it.`;
      return differences.length === 0 ? `A deploy of ${name} would change nothing.` : differences.map(lineOf).join('\n');
    };
    show(shell.printer, { data: { name, isNew: current === undefined, differences }, text });
    if (current === undefined || differences.length > 0) process.exitCode = 1;
  });
  const at = shell.words(parent, 'diff');
  return withExamples(addDeployFlags(command), `${at} ./hello`, `${at} ./hello --min-replicas 3`);
}

/** What is compared is what the platform would keep: with all that a function leaves out filled in. Nobody can see whether secrets differ. */
function changesOf(current: ApiObject | undefined, config: FunctionConfig): Difference[] {
  if (current === undefined) return [];
  const { labels } = current.metadata;
  const wanted = enrichFunction({ ...config, metadata: { ...config.metadata, labels: { ...labels, ...config.metadata.labels } } });
  const isBuilt = !config.spec.image;
  const view = ({ metadata, spec }: { metadata: Pick<FunctionConfig['metadata'], 'labels' | 'annotations'>; spec: object }) => ({
    metadata: { labels: metadata.labels, annotations: metadata.annotations },
    spec,
  });
  const before = view({ metadata: current.metadata, spec: current.spec });
  const references = new Set(referencesIn(before));
  const { masked } = maskFunction(view(wanted), (path) => references.has(referenceOf(path)));
  return differencesOf(before, masked).filter(({ field }) => field !== SECRET && !(isBuilt && OF_BUILD.includes(field)));
}

function lineOf({ field, before, after }: Difference): string {
  if (field === CODE) return styleText('yellow', `~ ${field}: ${sizeOf(before)} -> ${sizeOf(after)}`);
  const text = (value: unknown) => printable(typeof value === 'string' ? value : JSON.stringify(value));
  if (before === undefined) return styleText('green', `+ ${field}: ${text(after)}`);
  if (after === undefined) return styleText('red', `- ${field}: ${text(before)}`);
  return styleText('yellow', `~ ${field}: ${text(before)} -> ${text(after)}`);
}

function sizeOf(code: unknown): string {
  if (typeof code !== 'string') return 'none';
  const text = Buffer.from(code, 'base64').toString();
  return `${text.split('\n').length} lines, ${text.length} characters`;
}
