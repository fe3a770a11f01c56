import { codeOf } from '@ampoule/lib/errors';
import { labels } from '@ampoule/platform-api/constants';
import { platformError } from '@ampoule/platform-api/errors';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1Secret } from '@ampoule/platform-api/kube/types';
import { usedSecretsOf } from '@ampoule/platform-api/used-secrets';
import { dashboardError } from '../errors.ts';

const OURS = 'function-secrets';

/** A secret as callers see it: nobody is shown its values. */
export interface SecretView {
  metadata: { name: string; namespace: string; creationTimestamp?: string };
  spec: { keys: string[] };
  /** Who has it as variables or as a volume. */
  status: { functions: string[] };
}

export interface SecretDraft {
  name: string;
  namespace: string;
  /** Values in base64, by their keys. */
  data: Record<string, string>;
}

/** The secrets that people keep for their functions. Others of the namespace are as if they were not there. */
export class SecretStore {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async list(namespace: string): Promise<SecretView[]> {
    const [{ items }, users] = await Promise.all([
      this.#client.list<V1Secret>(resources.secrets, namespace, `${labels.secretKind}=${OURS}`),
      this.#users(namespace),
    ]);
    return items.map((secret) => viewOf(secret, users));
  }

  /** @throws AMP_RESOURCE_NOT_FOUND */
  async get(namespace: string, name: string): Promise<SecretView> {
    const [secret, users] = await Promise.all([this.#get(namespace, name), this.#users(namespace)]);
    return viewOf(secret, users);
  }

  /** @throws AMP_RESOURCE_EXISTS */
  async create({ name, namespace, data }: SecretDraft): Promise<SecretView> {
    const metadata = { name, namespace, labels: { [labels.secretKind]: OURS } };
    try {
      await this.#client.create<V1Secret>(resources.secrets, { metadata, type: 'Opaque', data });
    } catch (cause) {
      if (codeOf(cause) !== 'AMP_KUBE_EXISTS') throw cause;
      throw platformError('AMP_RESOURCE_EXISTS', { what: 'Secret already exists', fix: 'Choose another name, or replace it.', cause });
    }
    return this.get(namespace, name);
  }

  /** Replaces all values of a secret. @throws AMP_RESOURCE_NOT_FOUND, AMP_RESOURCE_STALE */
  async replace({ name, namespace, data }: SecretDraft): Promise<void> {
    const current = await this.#get(namespace, name);
    try {
      await this.#client.replace<V1Secret>(resources.secrets, { ...current, data });
    } catch (cause) {
      if (codeOf(cause) !== 'AMP_KUBE_CONFLICT') throw cause;
      throw platformError('AMP_RESOURCE_STALE', { what: 'Somebody else changed the secret', fix: 'Try again.', cause });
    }
  }

  /** One that is not there is as good as removed. @throws AMP_SECRET_IN_USE */
  async remove(namespace: string, name: string): Promise<void> {
    if ((await this.#find(namespace, name)) === undefined) return;
    const users = (await this.#users(namespace)).get(name) ?? [];
    if (users.length > 0) {
      throw dashboardError('AMP_SECRET_IN_USE', {
        what: `Secret is used by functions: ${users.join(', ')}`,
        fix: 'Deploy these without it first.',
      });
    }
    await this.#client.remove(resources.secrets, namespace, name);
  }

  async #get(namespace: string, name: string): Promise<V1Secret> {
    const found = await this.#find(namespace, name);
    if (found !== undefined) return found;
    throw platformError('AMP_RESOURCE_NOT_FOUND', { what: 'Secret not found', fix: 'Check its name and namespace.' });
  }

  async #find(namespace: string, name: string): Promise<V1Secret | undefined> {
    const secret = await this.#client.read<V1Secret>(resources.secrets, namespace, name);
    return secret?.metadata?.labels?.[labels.secretKind] === OURS ? secret : undefined;
  }

  /** The names of functions by those of the secrets that they use. */
  async #users(namespace: string): Promise<Map<string, string[]>> {
    const { items } = await this.#client.list(resources.functions, namespace);
    const pairs = items.flatMap(({ metadata, spec }) => usedSecretsOf(spec).map((secret) => ({ secret, name: metadata?.name ?? '' })));
    const groups = Map.groupBy(pairs, ({ secret }) => secret);
    return new Map([...groups].map(([secret, found]) => [secret, [...new Set(found.map(({ name }) => name))].sort()]));
  }
}

function viewOf({ metadata, data }: V1Secret, users: Map<string, string[]>): SecretView {
  const { name = '', namespace = '', creationTimestamp } = metadata ?? {};
  return {
    metadata: { name, namespace, ...(creationTimestamp === undefined ? {} : { creationTimestamp: String(creationTimestamp) }) },
    spec: { keys: Object.keys(data ?? {}).sort() },
    status: { functions: users.get(name) ?? [] },
  };
}
