import { codeOf } from '@ampoule/lib/errors';
import { defaults } from '@ampoule/platform-api/constants';
import { platformError } from '@ampoule/platform-api/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import { ResourceStore, type Stored, storedSchema } from './resource-store.ts';

/** The projects of the cluster. */
export class ProjectStore extends ResourceStore<Stored> {
  constructor(client: KubeClient) {
    super({
      client,
      resource: resources.projects,
      schema: storedSchema,
      texts: { notFound: 'Project not found', exists: 'Project already exists', stale: 'Project resource version is stale' },
      codes: { notFound: 'AMP_PROJECT_NOT_FOUND', exists: 'AMP_PROJECT_EXISTS', stale: 'AMP_RESOURCE_STALE' },
    });
  }

  /** @throws AMP_PROJECT_MISSING */
  async ensureThere(namespace: string, name: string): Promise<void> {
    if ((await this.find(namespace, name)) !== undefined) return;
    throw platformError('AMP_PROJECT_MISSING', { what: 'Project does not exist', fix: `Create project ${name} first.` });
  }

  /** Functions that name no project belong to this one, so it is always there. */
  async ensureDefault(namespace: string): Promise<void> {
    if ((await this.find(namespace, defaults.project)) !== undefined) return;
    const draft = { metadata: { name: defaults.project, namespace }, spec: { description: 'Default project' } };
    await this.create(draft).catch((error: unknown) => {
      if (codeOf(error) !== 'AMP_PROJECT_EXISTS') throw error;
    });
  }
}
