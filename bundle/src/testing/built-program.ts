import { resolve } from 'node:path';
import { buildComponent } from '../build/component.ts';
import { ownArchitecture } from '../build/context.ts';
import { loadDefinition } from '../definition.ts';
import { quiet } from './tiny-repository.ts';

const repository = resolve(import.meta.dirname, '../../..');

/** The program of a component as the bundle has it: from the build cache, or built first, which takes minutes. */
export async function builtProgram(name: string): Promise<string> {
  const component = (await loadDefinition(repository, ownArchitecture)).components.get(name);
  if (component === undefined) throw new Error(`bundle.yaml has no component ${name}`);
  const { entries } = await buildComponent(name, component, { repository, architecture: ownArchitecture, progress: quiet });
  const program = entries.find((entry) => 'file' in entry);
  if (program === undefined) throw new Error(`${name} has no program`);
  return program.file;
}
