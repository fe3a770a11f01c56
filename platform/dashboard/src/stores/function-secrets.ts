import { randomBytes } from 'node:crypto';
import { annotations, labels, versionLabels } from '@ampoule/platform-api/constants';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { isSecretOf, readFunctionSecret } from '@ampoule/platform-api/kube/function-secrets';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1ObjectMeta, V1Secret } from '@ampoule/platform-api/kube/types';
import { listVersions } from '@ampoule/platform-api/kube/versions';
import { maskFunction, restoreFunction, type SecretValues, withoutSecrets } from '@ampoule/platform-api/mask';
import { type FieldTest, referenceOf, sensitiveFieldsOf } from '@ampoule/platform-api/mask-fields';
import { functionSecret, secretDataOf } from '@ampoule/platform-api/mask-secret';
import { SUFFIX_BYTES } from '@ampoule/platform-api/masked-secret';
import { objectNameOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import { usedSecretsOf } from '@ampoule/platform-api/used-secrets';
import { goesWith, isSame, isSettled, isUnclear, naming, ownersOf, type Sealed, withoutLastApplied } from './kept-secrets.ts';
import type { Draft, Stored } from './resource-store.ts';

const none: SecretValues = new Map();
const nothing: FieldTest = () => false;

/** A function to be written; `secret` is the one of a version, whose references it has. */
export type FunctionDraft = Draft & { secret?: string | undefined };

/**
 * Takes secrets out of functions before they are written. Each change of them is a Secret of its own, which the function names: so they
 * change at one moment with the function, and its pods are made anew.
 */
export class FunctionSecrets {
  readonly #client: KubeClient;
  readonly #isMasking: boolean;
  readonly #test: FieldTest;

  constructor(client: KubeClient, platform: PlatformConfig) {
    this.#client = client;
    this.#isMasking = platform.sensitiveFields.maskSensitiveFields;
    this.#test = sensitiveFieldsOf(platform);
  }

  /** References in the draft are to the values of its version, or to those that the function has now. @throws AMP_SECRET_MISSING, AMP_FUNCTION_INVALID */
  async seal(draft: FunctionDraft, current?: Stored): Promise<Sealed> {
    const before = current === undefined ? undefined : await this.#secretFor(draft, current.metadata);
    const known = before?.values ?? none;
    const { masked, values } = this.#masked(draft, known);
    if (values.size === 0) return { draft: naming(masked, undefined), made: undefined };
    if (before !== undefined && isSame(values, known)) return { draft: naming(masked, before.name), made: undefined };
    const made = await this.#make(draft.metadata, values, current?.metadata.uid);
    return { draft: naming(masked, made), made };
  }

  /** Lets the Secret go together with its function, which was not there before it. */
  async adopt({ made }: Sealed, { metadata }: Stored): Promise<void> {
    if (made === undefined) return;
    const { namespace } = metadata;
    await this.#client.patch<V1Secret>(resources.secrets, {
      metadata: { namespace, name: made, ownerReferences: ownersOf('NuclioFunction', metadata) },
    });
  }

  /** Removes what was made for a draft that was not written. Where that is not sure, it stays. */
  async discard({ made, draft }: Sealed, reason?: unknown): Promise<void> {
    if (made !== undefined && !isUnclear(reason)) await this.#client.remove(resources.secrets, draft.metadata.namespace, made);
  }

  /** Removes what a function had before; not the last one, with which its pods run until there are new ones, and no other that is in use. */
  async prune({ metadata }: Stored, before: string | undefined): Promise<void> {
    const now = metadata.annotations?.[annotations.secret];
    if (now === before) return;
    const old = (await this.#secretsOf(metadata)).filter((secret) => isSettled(secret) && ![now, before].includes(secret.metadata?.name));
    if (old.length === 0) return;
    const used = await this.#usedSecrets(metadata);
    await this.#remove(
      metadata.namespace,
      old.filter((secret) => !used.has(secret.metadata?.name)),
    );
  }

  /** Removes all that was taken out of a function. */
  async removeOf({ metadata }: Stored): Promise<void> {
    const all = await this.#secretsOf(metadata);
    await this.#remove(metadata.namespace, all.filter(goesWith(metadata)));
  }

  /** A function as it leaves the cluster: with its secrets, or with nothing in their places. @throws AMP_SECRET_MISSING */
  async exported(stored: Stored, isWithSecrets: boolean): Promise<Stored> {
    const open = naming(stored, undefined);
    if (!isWithSecrets) return withoutSecrets(withoutLastApplied(open), this.#test);
    const secret = await readFunctionSecret(this.#client, stored.metadata);
    return restoreFunction(open, secret?.values ?? none);
  }

  #masked(draft: Draft, known: SecretValues): { masked: Draft; values: SecretValues } {
    const wasMasked: FieldTest = (path) => known.has(referenceOf(path));
    const either: FieldTest = (path, value) => this.#test(path, value) || wasMasked(path, value);
    const isOpen = (draft.spec as { disableSensitiveFieldsMasking?: boolean }).disableSensitiveFieldsMasking === true;
    const restored = restoreFunction(draft, known, either);
    return maskFunction(restored, isOpen ? nothing : this.#isMasking ? either : wasMasked);
  }

  /** That of its version; of versions that name none or one that is gone the function's own. */
  async #secretFor({ secret }: FunctionDraft, metadata: Stored['metadata']): ReturnType<typeof readFunctionSecret> {
    const named = secret === undefined ? undefined : { ...metadata, annotations: { [annotations.secret]: secret } };
    const found = named === undefined ? undefined : await readFunctionSecret(this.#client, named);
    return found ?? readFunctionSecret(this.#client, metadata);
  }

  /** The Secrets with which pods run, and those with which they may: of versions that run, and of those that a function can go back to. */
  async #usedSecrets({ namespace, name, uid }: Stored['metadata']): Promise<Set<string | undefined>> {
    const [pods, running, versions] = await Promise.all([
      this.#client.list(resources.pods, namespace),
      this.#client.list(resources.functions, namespace, `${versionLabels.of}=${name}`),
      listVersions(this.#client, namespace, name, String(uid)),
    ]);
    return new Set([
      ...pods.items.flatMap(({ spec }) => usedSecretsOf(spec)),
      ...running.items.map(({ metadata }) => metadata?.annotations?.[annotations.secret]),
      ...versions.map(({ secret }) => secret),
    ]);
  }

  async #make({ name, namespace, labels: own }: Draft['metadata'], values: SecretValues, uid: unknown): Promise<string> {
    const secretName = `${objectNameOf(name)}-${randomBytes(SUFFIX_BYTES).toString('hex')}`;
    const project = own?.[labels.project];
    const metadata: V1ObjectMeta = {
      name: secretName,
      namespace,
      labels: { [labels.function]: name, ...(project === undefined ? {} : { [labels.project]: project }) },
      ...(uid === undefined ? {} : { ownerReferences: ownersOf('NuclioFunction', { name, uid }) }),
    };
    await this.#client.create<V1Secret>(resources.secrets, {
      metadata,
      type: functionSecret.type,
      immutable: true,
      data: secretDataOf(values),
    });
    return secretName;
  }

  async #secretsOf({ namespace, name }: Stored['metadata']): Promise<V1Secret[]> {
    const { items } = await this.#client.list<V1Secret>(resources.secrets, namespace, `${labels.function}=${name}`);
    return items.filter((secret) => isSecretOf(secret, name));
  }

  async #remove(namespace: string, secrets: readonly V1Secret[]): Promise<void> {
    await Promise.all(secrets.map(({ metadata }) => this.#client.remove(resources.secrets, namespace, metadata?.name ?? '')));
  }
}
