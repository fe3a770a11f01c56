import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExecOptions, type ExecResult, exec, tryExec } from '@ampoule/lib/exec';
import { type BuildContext, cacheFolder } from '../build/context.ts';

/** One update at a time and no more than one in a run: apt locks its lists, and components are built at the same time. */
const updates = new Map<string, Promise<string>>();

/**
 * Runs apt-get or apt-cache for the bundle's architecture, with the sources and keys of this machine but a state of its own:
 * packages of any architecture are found, nothing counts as installed, and this machine stays as it is.
 */
export async function apt(
  program: 'apt-get' | 'apt-cache',
  args: readonly string[],
  context: BuildContext,
  options: ExecOptions = {},
): Promise<ExecResult> {
  return tryExec(program, [...(await stateOptions(context)), ...args], options);
}

/** Reads the archive's signed index anew. @throws AMP_COMMAND_FAILED */
export async function updateApt(context: BuildContext): Promise<void> {
  const folder = stateFolder(context);
  const update = updates.get(folder) ?? stateOptions(context).then((options) => exec('apt-get', [...options, 'update']));
  updates.set(folder, update);
  await update;
}

function stateFolder(context: BuildContext): string {
  return join(cacheFolder(context, 'apt'), context.architecture);
}

async function stateOptions(context: BuildContext): Promise<string[]> {
  const folder = stateFolder(context);
  for (const each of ['lists/partial', 'cache/archives/partial']) await mkdir(join(folder, each), { recursive: true });
  await writeFile(join(folder, 'status'), '');
  const settings = {
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Architecture': context.architecture,
    'APT::Architectures': context.architecture,
    'APT::Install-Recommends': 'false',
    'APT::Sandbox::User': 'root',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
