import { codeOf } from '@ampoule/lib/errors';
import { parse } from '@ampoule/lib/parse';
import * as z from 'zod';
import { api, labels } from '../constants.ts';
import { functionSpecSchema, type NuclioFunction } from '../function.ts';
import { objectNameOf } from '../names.ts';
import { contentOf, type FunctionVersion, KEPT_VERSIONS } from '../versions.ts';
import type { KubeClient } from './client.ts';
import { keyOf, type RawObject, resources } from './resources.ts';

const ATTEMPTS = 3;
const revisionSchema = z.looseObject({
  metadata: z.looseObject({ creationTimestamp: z.string().default('') }),
  revision: z.int(),
  data: z.looseObject({ spec: functionSpecSchema }),
});

/** The versions of a function, the newest first. They are ControllerRevisions, which Kubernetes lets nobody change. */
export async function listVersions(client: KubeClient, namespace: string, name: string): Promise<FunctionVersion[]> {
  const { items } = await client.list(resources.functionVersions, namespace, `${labels.function}=${name}`);
  return items.map(versionOf).sort((a, b) => b.version - a.version);
}

/** Keeps a function as a version, unless the newest one is the same; the oldest ones go. Done again, it does nothing. */
export async function recordVersion(client: KubeClient, fn: NuclioFunction): Promise<void> {
  const { namespace, name } = fn.metadata;
  for (let attempt = 1; ; attempt += 1) {
    const versions = await listVersions(client, namespace, name);
    const newest = versions[0];
    if (newest?.content === contentOf(fn.spec)) return;
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

function versionOf(object: RawObject): FunctionVersion {
  const { metadata, revision, data } = parse(revisionSchema, object, `ControllerRevision ${keyOf(object)}`);
  return { version: revision, createdAt: metadata.creationTimestamp, content: contentOf(data.spec), spec: data.spec };
}

function revisionOf({ metadata: { namespace, name, uid }, spec }: NuclioFunction, version: number): RawObject {
  const owner = { apiVersion: api.apiVersion, kind: 'NuclioFunction', name, uid, blockOwnerDeletion: false };
  const metadata = { name: nameOf(name, version), namespace, labels: { [labels.function]: name }, ownerReferences: [owner] };
  return { metadata, revision: version, data: { spec } } as RawObject;
}

function nameOf(functionName: string, version: number): string {
  return `${objectNameOf(functionName)}-${version}`;
}
