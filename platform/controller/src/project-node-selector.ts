import { labels } from '@ampoule/platform-api/constants';
import type { NuclioFunction } from '@ampoule/platform-api/function';
import type { Cache } from '@ampoule/platform-api/kube/cache';
import type { RawObject } from '@ampoule/platform-api/kube/resources';
import { projectSpecSchema } from '@ampoule/platform-api/project';

/** Where the project of a function wants its functions to run. */
export function projectNodeSelectorOf({ metadata }: NuclioFunction, projects: Cache<RawObject>): Record<string, string> {
  const project = projects.get(`${metadata.namespace}/${metadata.labels?.[labels.project] ?? ''}`);
  return projectSpecSchema.safeParse(project?.spec ?? {}).data?.defaultFunctionNodeSelector ?? {};
}
