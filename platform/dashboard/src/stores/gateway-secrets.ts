import { randomBytes } from 'node:crypto';
import { type ApiGatewayAuthentication, PASSWORD_FIELD } from '@ampoule/platform-api/api-gateway-access';
import { annotations, labels } from '@ampoule/platform-api/constants';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import type { V1Secret } from '@ampoule/platform-api/kube/types';
import { isOwnReference, maskFunction, referencesIn, restoreFunction, type SecretValues, withoutSecrets } from '@ampoule/platform-api/mask';
import { type FieldTest, referenceOf } from '@ampoule/platform-api/mask-fields';
import { functionSecret, secretDataOf, valuesOfContent } from '@ampoule/platform-api/mask-secret';
import { SUFFIX_BYTES } from '@ampoule/platform-api/masked-secret';
import { objectNameOf } from '@ampoule/platform-api/names';
import { hash } from 'bcryptjs';
import { goesWith, isSame, isSettled, isUnclear, naming, ownersOf, type Sealed, withoutLastApplied } from './kept-secrets.ts';
import type { Draft, Stored } from './resource-store.ts';

const COST = 10;
const PASSWORD = referenceOf(PASSWORD_FIELD);
const isPassword: FieldTest = (path) => referenceOf(path) === PASSWORD;
const none: SecretValues = new Map();

/**
 * Takes the passwords of API gateways out of them before they are written. A Secret keeps the password, for exports alone. The gateway keeps
 * a hash, so who serves it needs no right to read Secrets. Each change is a Secret of its own, so hash and Secret change at one moment.
 */
export class GatewaySecrets {
  readonly #client: KubeClient;
  readonly #isMasking: boolean;

  constructor(client: KubeClient, isMasking: boolean) {
    this.#client = client;
    this.#isMasking = isMasking;
  }

  /** A reference in the draft is to the password that the gateway has now. @throws AMP_SECRET_MISSING */
  async seal(draft: Draft, current?: Stored): Promise<Sealed> {
    const hashBefore = current && basicAuthOf(current).passwordHash;
    if (current !== undefined && hashBefore !== undefined && hasReference(draft) && hasReference(current)) {
      // The hash is enough to serve it, so this needs no Secret, which may be lost.
      return { draft: naming(withHash(draft, hashBefore), secretNameOf(current.metadata)), made: undefined };
    }
    const before = current === undefined ? undefined : await this.#read(current.metadata);
    // One that stands in the gateway comes from kubectl, and is newer than the Secret.
    const open = current === undefined || hasReference(current) ? none : maskFunction(current, isPassword).values;
    const known = open.size > 0 ? open : (before?.values ?? none);
    const restored = withHash(restoreFunction(draft, known, isPassword), undefined);
    const { masked, values } = maskFunction(restored, isPassword);
    if (values.size === 0 || !(this.#isMasking || before !== undefined)) return { draft: naming(restored, undefined), made: undefined };
    if (before !== undefined && hashBefore !== undefined && isSame(values, before.values)) {
      return { draft: naming(withHash(masked, hashBefore), before.name), made: undefined };
    }
    const passwordHash = await hash(values.get(PASSWORD) ?? '', COST);
    const made = await this.#make(draft.metadata, values, current?.metadata.uid);
    return { draft: naming(withHash(masked, passwordHash), made), made };
  }

  /** Lets the Secret go together with its gateway, which was not there before it. */
  async adopt({ made }: Sealed, { metadata }: Stored): Promise<void> {
    if (made === undefined) return;
    const { namespace } = metadata;
    const ownerReferences = ownersOf('NuclioAPIGateway', metadata);
    await this.#client.patch<V1Secret>(resources.secrets, { metadata: { namespace, name: made, ownerReferences } });
  }

  /** Removes what was made for a draft that was not written. Where that is not sure, it stays. */
  async discard({ made, draft }: Sealed, reason?: unknown): Promise<void> {
    if (made !== undefined && !isUnclear(reason)) await this.#client.remove(resources.secrets, draft.metadata.namespace, made);
  }

  /** Removes former Secrets of a gateway, but not the last one: somebody may have read what refers to it, and export it just now. */
  async prune({ metadata }: Stored, { metadata: before }: Stored): Promise<void> {
    const [now, last] = [secretNameOf(metadata), secretNameOf(before)];
    if (now === last) return;
    const old = (await this.#secretsOf(metadata)).filter(isSettled).filter((secret) => ![now, last].includes(secret.metadata?.name));
    await this.#remove(metadata.namespace, old);
  }

  /** Removes all that was taken out of a gateway. */
  async removeOf({ metadata }: Stored): Promise<void> {
    await this.#remove(metadata.namespace, await this.#secretsOf(metadata));
  }

  async #secretsOf(metadata: Stored['metadata']): Promise<V1Secret[]> {
    const { items } = await this.#client.list<V1Secret>(resources.secrets, metadata.namespace, `${labels.apiGateway}=${metadata.name}`);
    return items.filter(({ type }) => type === functionSecret.type).filter(goesWith(metadata));
  }

  async #remove(namespace: string, secrets: readonly V1Secret[]): Promise<void> {
    await Promise.all(secrets.map((secret) => this.#client.remove(resources.secrets, namespace, secret.metadata?.name ?? '')));
  }

  /** A gateway as callers see it. */
  shown(gateway: Stored): Stored {
    if (!this.#isMasking) return withHash(gateway, undefined);
    return withoutLastApplied(withHash(maskFunction(gateway, isPassword).masked, undefined));
  }

  /** A gateway as it leaves the cluster: with its password, or with nothing in its place. @throws AMP_SECRET_MISSING */
  async exported(gateway: Stored, isWithSecrets: boolean): Promise<Stored> {
    const open = withoutLastApplied(naming(withHash(gateway, undefined), undefined));
    if (!isWithSecrets) return withoutSecrets(open, isPassword);
    if (referencesIn(open).length === 0) return open;
    return restoreFunction(open, (await this.#read(gateway.metadata))?.values ?? none);
  }

  async #read(metadata: Stored['metadata']): Promise<{ name: string; values: SecretValues } | undefined> {
    const name = secretNameOf(metadata);
    if (name === undefined) return undefined;
    const secret = await this.#client.read<V1Secret>(resources.secrets, metadata.namespace, name);
    if (secret === undefined) return undefined;
    return { name, values: valuesOfContent(Buffer.from(secret.data?.[functionSecret.key] ?? '', 'base64').toString()) };
  }

  async #make({ name, namespace }: Draft['metadata'], values: SecretValues, uid: unknown): Promise<string> {
    const secretName = `${startOf(name)}${randomBytes(SUFFIX_BYTES).toString('hex')}`;
    const owners = uid === undefined ? {} : { ownerReferences: ownersOf('NuclioAPIGateway', { name, uid }) };
    await this.#client.create<V1Secret>(resources.secrets, {
      metadata: { name: secretName, namespace, labels: { [labels.apiGateway]: name }, ...owners },
      type: functionSecret.type,
      immutable: true,
      data: secretDataOf(values),
    });
    return secretName;
  }
}

/** No function has a name with a dot, so to all of them such a Secret is one of another function, which they cannot have as a variable. */
function startOf(gateway: string): string {
  return objectNameOf(`agw.${gateway}-`);
}

/** The Secret that a gateway's annotation names, where it is one of its own. */
function secretNameOf({ name, annotations: all }: Stored['metadata']): string | undefined {
  const found = all?.[annotations.secret];
  return found?.startsWith(startOf(name)) && /^[0-9a-f]+$/.test(found.slice(startOf(name).length)) ? found : undefined;
}

function hasReference(gateway: Draft | Stored): boolean {
  return isOwnReference(basicAuthOf(gateway).password ?? '', PASSWORD_FIELD);
}

type BasicAuth = NonNullable<ApiGatewayAuthentication['basicAuth']>;

function basicAuthOf({ spec }: Draft | Stored): BasicAuth {
  return (spec as { authentication?: ApiGatewayAuthentication | null }).authentication?.basicAuth ?? {};
}

/** With this hash alone: what a request brings as one may be that of another password. */
function withHash<T extends Draft | Stored>(gateway: T, passwordHash: string | undefined): T {
  const { passwordHash: found, ...others } = basicAuthOf(gateway);
  if (found === undefined && passwordHash === undefined) return gateway;
  const { authentication } = gateway.spec as { authentication?: object };
  const basicAuth = { ...others, ...(passwordHash === undefined ? {} : { passwordHash }) };
  return { ...gateway, spec: { ...gateway.spec, authentication: { ...authentication, basicAuth } } };
}
