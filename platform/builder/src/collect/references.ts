import { labels } from '@ampoule/platform-api/constants';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { type KubeResource, keyOf, type RawObject, resources, splitKey } from '@ampoule/platform-api/kube/resources';
import type { StoredImage } from './stored.ts';

/** Objects of the namespace of functions that name images beside functions, also while they run no pods. */
const KINDS: readonly KubeResource<RawObject>[] = [
  resources.deployments,
  resources.replicaSets,
  resources.statefulSets,
  resources.daemonSets,
  resources.cronJobs,
  resources.jobs,
  resources.pods,
];
const IMAGE = /ampoule\.internal\/functions\/[\w./-]+(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?/g;
const SOURCE = /registry:(sha256:[0-9a-f]{64})/g;
const USUAL_TAG = 'latest';

/** What objects of Kubernetes say of images and archives. A mention anywhere in an object counts, so that no field can be forgotten. */
export class References {
  /** Functions of all namespaces, by their keys: another platform at the same registry can run an image of this one. */
  readonly functions = new Set<string>();
  readonly #client: KubeClient;
  readonly #namespace: string;
  /** `repository:tag`, `repository@digest`, and digests of archives. */
  readonly #names = new Set<string>();

  constructor(client: KubeClient, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** Adds what is mentioned now by functions of any namespace and by what runs in this one; what was mentioned before stays. */
  async addObjects(): Promise<void> {
    for (const object of (await this.#client.list(resources.functions)).items) {
      this.functions.add(keyOf(object));
      this.#add(object);
    }
    for (const kind of KINDS) for (const object of (await this.#client.list(kind, this.#namespace)).items) this.#add(object);
  }

  /** Adds what the kept versions of a function mention; `key` is `namespace/name`. */
  async addVersions(key: string): Promise<void> {
    const { namespace, name } = splitKey(key);
    const selector = `${labels.function}=${name}`;
    for (const version of (await this.#client.list(resources.functionVersions, namespace, selector)).items) this.#add(version);
  }

  /** Whether anything mentions an image by one of its tags or by its digest, or an archive by its digest. */
  has({ repository, digest, tags, layers }: StoredImage): boolean {
    const names = [...tags.map((tag) => `${repository}:${tag}`), `${repository}@${digest}`, ...layers];
    return names.some((name) => this.#names.has(name));
  }

  #add(object: object): void {
    const text = JSON.stringify(object);
    for (const [image] of text.matchAll(IMAGE)) for (const name of namesOf(image)) this.#names.add(name);
    for (const [, digest = ''] of text.matchAll(SOURCE)) this.#names.add(digest);
  }
}

/** A name can have a tag, a digest, or both. */
function namesOf(image: string): string[] {
  const [name = '', digest] = image.split('@');
  const [repository = '', tag = digest === undefined ? USUAL_TAG : undefined] = name.split(':');
  return [...(tag === undefined ? [] : [`${repository}:${tag}`]), ...(digest === undefined ? [] : [`${repository}@${digest}`])];
}
