import { defaults, labels } from '@ampoule/platform-api/constants';
import { dashboardError } from '../errors.ts';
import { exportedFunctionOf } from './function-view.ts';
import { byName, exportedOf, type Stored, selectorOf } from './resource-store.ts';
import type { Stores } from './stores.ts';

/** What belongs to a project. */
export interface ProjectContents {
  functions: Stored[];
  gateways: Stored[];
}

export type DeleteStrategy = 'restricted' | 'cascading' | 'check';

export async function contentsOf({ functions, gateways }: Stores, namespace: string, project: string): Promise<ProjectContents> {
  const selector = selectorOf(labels.project, project);
  const [ofFunctions, ofGateways] = await Promise.all([functions.listDeployed(namespace, selector), gateways.list(namespace, selector)]);
  return { functions: ofFunctions, gateways: ofGateways };
}

/** Removes a project, or only says whether that could be. @throws AMP_PROJECT_IN_USE, AMP_PROJECT_NOT_FOUND */
export async function deleteProject(stores: Stores, namespace: string, name: string, strategy: DeleteStrategy): Promise<void> {
  if (name === defaults.project) throw inUse('Cannot delete the default project', 'Remove what is in it instead.');
  await stores.projects.get(namespace, name);
  const contents = await contentsOf(stores, namespace, name);
  if (strategy === 'cascading') await removeContents(stores, namespace, contents);
  else ensureEmpty(contents);
  if (strategy !== 'check') await stores.projects.remove(namespace, name);
}

/** A project with all that belongs to it, in the form in which another cluster takes it in. @throws AMP_SECRET_MISSING */
export async function exportProject(stores: Stores, namespace: string, project: Stored, isWithSecrets: boolean): Promise<object> {
  const { functions, gateways } = await contentsOf(stores, namespace, project.metadata.name);
  const events = await Promise.all(functions.map(({ metadata }) => stores.events.listOf(namespace, metadata.name)));
  return {
    project: exportedOf(project),
    functions: byName(await stores.functions.exported(functions, isWithSecrets), exportedFunctionOf),
    functionEvents: byName(events.flat(), exportedOf),
    apiGateways: Object.fromEntries(
      await Promise.all(gateways.map(async (gateway) => [gateway.metadata.name, await stores.gateways.exported(gateway, isWithSecrets)])),
    ),
  };
}

async function removeContents({ functions, gateways }: Stores, namespace: string, contents: ProjectContents): Promise<void> {
  for (const { metadata } of contents.gateways) await gateways.remove(namespace, metadata.name);
  for (const { metadata } of contents.functions) {
    await functions.delete(namespace, metadata.name, { ignoreState: true, withApiGateways: true });
  }
}

function ensureEmpty({ functions, gateways }: ProjectContents): void {
  if (functions.length > 0) throw inUse('Project contains functions', 'Remove them first, or delete with the strategy cascading.');
  if (gateways.length > 0) throw inUse('Project contains api gateways', 'Remove them first, or delete with the strategy cascading.');
}

function inUse(what: string, fix: string) {
  return dashboardError('AMP_PROJECT_IN_USE', { what, fix });
}
