import { codeOf } from '@ampoule/lib/errors';
import { annotations, api } from '@ampoule/platform-api/constants';
import { refusedStatusOf } from '@ampoule/platform-api/kube/client';
import type { V1ObjectMeta, V1Secret } from '@ampoule/platform-api/kube/types';
import type { SecretValues } from '@ampoule/platform-api/mask';
import type { Draft, Stored } from './resource-store.ts';

/** A younger Secret without an owner may be that of an object which somebody is about to write. */
const SETTLED_MS = 600_000;
/** Of kubectl: all that was applied, with secrets in the clear. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** An object as it is to be written, and the Secret that was made for it; undefined where none had to be. */
export interface Sealed {
  draft: Draft;
  made: string | undefined;
}

/**
 * An object that names the Secret with what was taken out of it. The annotation is ours alone: whoever could write it could read what is
 * another's. What kubectl noted down goes once something was taken out: it has that in the clear.
 */
export function naming<T extends Draft | Stored>(object: T, secret: string | undefined): T {
  const { [annotations.secret]: _, ...others } = object.metadata.annotations ?? {};
  if (secret === undefined) return object.metadata.annotations ? withAnnotations(object, others) : object;
  return withoutLastApplied(withAnnotations(object, { ...others, [annotations.secret]: secret }));
}

export function withoutLastApplied<T extends Draft | Stored>(object: T): T {
  const { [LAST_APPLIED]: lastApplied, ...others } = object.metadata.annotations ?? {};
  return lastApplied === undefined ? object : withAnnotations(object, others);
}

function withAnnotations<T extends Draft | Stored>(object: T, all: Record<string, string>): T {
  return { ...object, metadata: { ...object.metadata, annotations: all } };
}

type Kind = 'NuclioFunction' | 'NuclioAPIGateway';

/** A Secret with these goes together with its object. */
export function ownersOf(kind: Kind, { name, uid }: { name: string; uid?: unknown }): NonNullable<V1ObjectMeta['ownerReferences']> {
  return [{ apiVersion: api.apiVersion, kind, name, uid: String(uid), blockOwnerDeletion: false }];
}

/** Whether a Secret goes with an object: it is named by it or owned by it, or nobody will own it any more. */
export function goesWith(metadata: Stored['metadata']): (secret: V1Secret) => boolean {
  const named = metadata.annotations?.[annotations.secret];
  return (secret) => secret.metadata?.name === named || isOwnedBy(secret, metadata.uid) || (isOwnerless(secret) && isSettled(secret));
}

export function isSettled({ metadata }: V1Secret): boolean {
  return Date.now() - new Date(metadata?.creationTimestamp ?? Number.NaN).getTime() > SETTLED_MS;
}

function isOwnedBy({ metadata }: V1Secret, uid: unknown): boolean {
  return metadata?.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

function isOwnerless({ metadata }: V1Secret): boolean {
  return (metadata?.ownerReferences ?? []).length === 0;
}

export function isSame(a: SecretValues, b: SecretValues): boolean {
  return a.size === b.size && [...a].every(([reference, value]) => b.get(reference) === value);
}

/** Whether a write that failed may have been done all the same. */
export function isUnclear(reason: unknown): boolean {
  return codeOf(reason) === 'AMP_KUBE_UNREACHABLE' || (refusedStatusOf(reason) ?? 0) >= 500;
}
