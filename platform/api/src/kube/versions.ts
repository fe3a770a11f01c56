import { codeOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { annotations, api, labels } from '../constants.ts';
import { functionSpecSchema, type NuclioFunction } from '../function.ts';
import { maskedSecretOf } from '../masked-secret.ts';
import { objectNameOf } from '../names.ts';
import { contentOf, type FunctionVersion, KEPT_VERSIONS } from '../versions.ts';
import type { KubeClient } from './client.ts';
import { keyOf, type RawObject, resources } from './resources.ts';

const ATTEMPTS = 3;
const revisionSchema = z.looseObject({
  metadata: z.looseObject({ creationTimestamp: z.string().default(''), annotations: z.record(z.string(), z.string()).default({}) }),
  revision: z.int(),
  data: z.looseObject({ spec: functionSpecSchema }),
});

/**
 * The versions of a function, the newest first. They are ControllerRevisions, which Kubernetes lets nobody change. Without a uid, those of
 * whatever function has had this name: for a moment they outlive it.
 */
export async function listVersions(client: KubeClient, namespace: string, name: string, uid?: string): Promise<FunctionVersion[]> {
  const revisions = await listRevisions(client, namespace, name);
  return versionsIn(uid === undefined ? revisions : revisions.filter((revision) => isOf(revision, uid)));
}

/**
 * Keeps a function as a version, unless the newest one is the same with the same secrets; the oldest ones go, and those of a function of this
 * name that is gone. Done again, it does nothing.
 */
export async function recordVersion(client: KubeClient, fn: NuclioFunction): Promise<void> {
  const { namespace, name, uid } = fn.metadata;
  for (let attempt = 1; ; attempt += 1) {
    const { own = [], foreign = [] } = Object.groupBy(await listRevisions(client, namespace, name), (revision) =>
      isOf(revision, uid) ? 'own' : 'foreign',
    );
    for (const { metadata } of foreign) await client.remove(resources.functionVersions, namespace, metadata?.name ?? '');
    const versions = versionsIn(own);
    const newest = versions[0];
    if (newest?.content === contentOf(fn.spec) && newest.secret === maskedSecretOf(fn.metadata)) return;
    try {
      await client.create(resources.functionVersions, revisionOf(fn, (newest?.version ?? 0) + 1));
      for (const { version } of versions.slice(KEPT_VERSIONS - 1)) {
        await client.remove(resources.functionVersions, namespace, nameOf(name, version));
      }
      return;
    } catch (error) {
      if (codeOf(error) !== 'AMP_KUBE_EXISTS' || attempt === ATTEMPTS) throw error;
    }
  }
}

async function listRevisions(client: KubeClient, namespace: string, name: string): Promise<RawObject[]> {
  return (await client.list(resources.functionVersions, namespace, `${labels.function}=${name}`)).items;
}

/** One that nobody owns is of whoever has the name. */
function isOf({ metadata }: RawObject, uid: string): boolean {
  const owners = metadata?.ownerReferences ?? [];
  return owners.length === 0 || owners.some((owner) => owner.uid === uid);
}

function versionsIn(revisions: readonly RawObject[]): FunctionVersion[] {
  return revisions.map(versionOf).sort((a, b) => b.version - a.version);
}

function versionOf(object: RawObject): FunctionVersion {
  const { metadata, revision, data } = parse(revisionSchema, object, `ControllerRevision ${keyOf(object)}`);
  const { creationTimestamp: createdAt, annotations: all } = metadata;
  return { version: revision, createdAt, content: contentOf(data.spec), spec: data.spec, secret: all[annotations.secret] };
}

function revisionOf({ metadata: own, spec }: NuclioFunction, version: number): RawObject {
  const { namespace, name, uid } = own;
  const secret = maskedSecretOf(own);
  const metadata = {
    name: nameOf(name, version),
    namespace,
    labels: { [labels.function]: name },
    ...(secret === undefined ? {} : { annotations: { [annotations.secret]: secret } }),
    ownerReferences: [{ apiVersion: api.apiVersion, kind: 'NuclioFunction', name, uid, blockOwnerDeletion: false }],
  };
  return { metadata, revision: version, data: { spec } } as RawObject;
}

function nameOf(functionName: string, version: number): string {
  return `${objectNameOf(functionName)}-${version}`;
}
