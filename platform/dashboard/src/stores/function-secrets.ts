import { randomBytes } from 'node:crypto';
import { codeOf } from '@ampoule/lib/errors';
import { annotations, api, labels } from '@ampoule/platform-api/constants';
import { type KubeClient, refusedStatusOf } from '@ampoule/platform-api/kube/client';
import { isSecretOf, readFunctionSecret } from '@ampoule/platform-api/kube/function-secrets';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1ObjectMeta, V1Secret } from '@ampoule/platform-api/kube/types';
import { listVersions } from '@ampoule/platform-api/kube/versions';
import { maskFunction, referencesIn, restoreFunction, type SecretValues, withoutSecrets } from '@ampoule/platform-api/mask';
import { type FieldTest, referenceOf, sensitiveFieldsOf } from '@ampoule/platform-api/mask-fields';
import { functionSecret, secretDataOf } from '@ampoule/platform-api/mask-secret';
import { objectNameOf } from '@ampoule/platform-api/names';
import type { PlatformConfig } from '@ampoule/platform-api/platform-config';
import type { Draft, Stored } from './resource-store.ts';

const SUFFIX_BYTES = 4;
/** A younger Secret without an owner may be that of a function which somebody is about to write. */
const SETTLED_MS = 600_000;
const none: SecretValues = new Map();
const nothing: FieldTest = () => false;

/** A function as it is to be written, and the Secret that was made for it; undefined where none had to be. */
export interface Sealed {
  draft: Draft;
  made: string | undefined;
}

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

  /** References in the draft are to values that the function has now. @throws AMP_SECRET_MISSING, AMP_FUNCTION_INVALID */
  async seal(draft: Draft, current?: Stored): Promise<Sealed> {
    const before = current === undefined ? undefined : await readFunctionSecret(this.#client, current.metadata);
    const known = before?.values ?? none;
    const { masked, values } = this.#masked(draft, known);
    const all = new Map([...(await this.#valuesOfVersions(draft, known, values)), ...values]);
    if (all.size === 0) return { draft: naming(masked, undefined), made: undefined };
    if (before !== undefined && isSame(all, known)) return { draft: naming(masked, before.name), made: undefined };
    const made = await this.#make(draft.metadata, all, current?.metadata.uid);
    return { draft: naming(masked, made), made };
  }

  /** Lets the Secret go together with its function, which was not there before it. */
  async adopt({ made }: Sealed, { metadata }: Stored): Promise<void> {
    if (made === undefined) return;
    const { namespace, name, uid } = metadata;
    await this.#client.patch<V1Secret>(resources.secrets, { metadata: { namespace, name: made, ownerReferences: ownersOf(name, uid) } });
  }

  /** Removes what was made for a draft that was not written. Where that is not sure, it stays. */
  async discard({ made, draft }: Sealed, reason?: unknown): Promise<void> {
    const isUnclear = codeOf(reason) === 'AMP_KUBE_UNREACHABLE' || (refusedStatusOf(reason) ?? 0) >= 500;
    if (made !== undefined && !isUnclear) await this.#client.remove(resources.secrets, draft.metadata.namespace, made);
  }

  /** Removes what a function had before; not the last one, with which its pods run until there are new ones. */
  async prune({ metadata }: Stored, before: string | undefined): Promise<void> {
    const now = metadata.annotations?.[annotations.secret];
    if (now === before) return;
    const old = (await this.#secretsOf(metadata)).filter((secret) => isSettled(secret) && ![now, before].includes(secret.metadata?.name));
    await this.#remove(metadata.namespace, old);
  }

  /** Removes all that was taken out of a function. */
  async removeOf({ metadata }: Stored): Promise<void> {
    const own = metadata.annotations?.[annotations.secret];
    const all = await this.#secretsOf(metadata);
    const isGone = (secret: V1Secret) =>
      secret.metadata?.name === own || isOwnedBy(secret, metadata.uid) || (isOwnerless(secret) && isSettled(secret));
    await this.#remove(metadata.namespace, all.filter(isGone));
  }

  /** A function as it leaves the cluster: with its secrets, or with nothing in their places. @throws AMP_SECRET_MISSING */
  async exported(stored: Stored, isWithSecrets: boolean): Promise<Stored> {
    const open = naming(stored, undefined);
    if (!isWithSecrets) return withoutSecrets(open, this.#test);
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

  /** Of the values that a draft has no more, those that a version refers to, to which the function may go back. */
  async #valuesOfVersions({ metadata }: Draft, known: SecretValues, values: SecretValues): Promise<[string, string][]> {
    const lost = [...known].filter(([reference]) => !values.has(reference));
    if (lost.length === 0) return [];
    const versions = await listVersions(this.#client, metadata.namespace, metadata.name);
    const wanted = new Set(versions.flatMap(({ spec }) => referencesIn({ metadata: {}, spec })));
    return lost.filter(([reference]) => wanted.has(reference));
  }

  async #make({ name, namespace, labels: own }: Draft['metadata'], values: SecretValues, uid: unknown): Promise<string> {
    const secretName = `${objectNameOf(name)}-${randomBytes(SUFFIX_BYTES).toString('hex')}`;
    const project = own?.[labels.project];
    const metadata: V1ObjectMeta = {
      name: secretName,
      namespace,
      labels: { [labels.function]: name, ...(project === undefined ? {} : { [labels.project]: project }) },
      ...(uid === undefined ? {} : { ownerReferences: ownersOf(name, uid) }),
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

/** The annotation is ours alone: whoever could write it could read what is another's. */
function naming<T extends Draft | Stored>(fn: T, secret: string | undefined): T {
  if (secret === undefined && fn.metadata.annotations?.[annotations.secret] === undefined) return fn;
  const { [annotations.secret]: _, ...others } = fn.metadata.annotations ?? {};
  const own = secret === undefined ? others : { ...others, [annotations.secret]: secret };
  return { ...fn, metadata: { ...fn.metadata, annotations: own } };
}

function ownersOf(name: string, uid: unknown): NonNullable<V1ObjectMeta['ownerReferences']> {
  return [{ apiVersion: api.apiVersion, kind: 'NuclioFunction', name, uid: String(uid), blockOwnerDeletion: false }];
}

function isOwnedBy({ metadata }: V1Secret, uid: unknown): boolean {
  return metadata?.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

function isOwnerless({ metadata }: V1Secret): boolean {
  return (metadata?.ownerReferences ?? []).length === 0;
}

function isSettled({ metadata }: V1Secret): boolean {
  return Date.now() - new Date(metadata?.creationTimestamp ?? Number.NaN).getTime() > SETTLED_MS;
}

function isSame(a: SecretValues, b: SecretValues): boolean {
  return a.size === b.size && [...a].every(([reference, value]) => b.get(reference) === value);
}
