import { once } from 'node:events';
import type { Server } from 'node:http';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { packagesDigestOf } from '../packages/digest.ts';
import { makePackageServer } from '../packages/server.ts';
import type { Settings } from '../settings.ts';
import { BuildPods } from './build-pods.ts';

/** Starts what builds with commands need: the packages, served to build pods, and the pods. */
export async function startCommands(
  client: KubeClient,
  { namespace, images, packagesUrl, packagesFolder }: NonNullable<Settings['commands']>,
): Promise<{ pods: BuildPods; packagesDigest: string; server: Server }> {
  const server = makePackageServer(packagesFolder).listen(Number(new URL(packagesUrl).port || 80), '0.0.0.0');
  await once(server, 'listening');
  return {
    pods: new BuildPods({ client, namespace, images, packagesUrl }),
    packagesDigest: await packagesDigestOf(packagesFolder),
    server,
  };
}
