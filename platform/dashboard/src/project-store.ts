import { codeOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import { defaults } from '@ampoule/platform-api/constants';
import { platformError } from '@ampoule/platform-api/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { keyOf, type RawObject, resources } from '@ampoule/platform-api/kube/resources';
import { type Project, projectSchema } from '@ampoule/platform-api/project';

/** The projects of the cluster. */
export class ProjectStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async list(namespace: string): Promise<Project[]> {
    return (await this.#client.list(resources.projects, namespace)).items.map(projectOf);
  }

  /** Undefined where there is none of this name. */
  async get(namespace: string, name: string): Promise<Project | undefined> {
    const object = await this.#client.read(resources.projects, namespace, name);
    return object === undefined ? undefined : projectOf(object);
  }

  /** @throws AMP_PROJECT_EXISTS */
  async create({ metadata, spec }: Project, namespace: string): Promise<Project> {
    const { name, labels, annotations } = metadata;
    const own = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
    try {
      return projectOf(await this.#client.create<RawObject>(resources.projects, { metadata: { name, namespace, ...own }, spec }));
    } catch (error) {
      if (codeOf(error) !== 'AMP_KUBE_EXISTS') throw error;
      throw platformError('AMP_PROJECT_EXISTS', { what: `Project ${name} already exists`, fix: 'Choose another name.', cause: error });
    }
  }

  /** Functions that name no project belong to this one, so it is always there. */
  async ensureDefault(namespace: string): Promise<void> {
    if ((await this.get(namespace, defaults.project)) !== undefined) return;
    const project = { metadata: { name: defaults.project }, spec: { description: 'Default project' } };
    await this.create(project, namespace).catch((error: unknown) => {
      if (codeOf(error) !== 'AMP_PROJECT_EXISTS') throw error;
    });
  }
}

function projectOf(object: RawObject): Project {
  const { managedFields, ...metadata } = object.metadata ?? {};
  return parse(projectSchema, { metadata, spec: object.spec ?? {}, status: object.status ?? {} }, `NuclioProject ${keyOf(object)}`);
}
