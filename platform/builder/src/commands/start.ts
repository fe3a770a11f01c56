import { once } from 'node:events';
import type { Server } from 'node:http';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { packagesDigestOf } from '../packages/digest.ts';
import { makeNpmServer } from '../packages/npm-server.ts';
import type { Settings } from '../settings.ts';
import { BuildPods } from './build-pods.ts';

/** Starts what builds with commands need: the packages, served to build pods, and the pods. */
export async function startCommands(
  client: KubeClient,
  { namespace, image, npmRegistry, npmFolder }: NonNullable<Settings['commands']>,
): Promise<{ pods: BuildPods; packagesDigest: string; server: Server }> {
  const server = makeNpmServer(npmFolder).listen(Number(new URL(npmRegistry).port || 80), '0.0.0.0');
  await once(server, 'listening');
  return { pods: new BuildPods({ client, namespace, image, npmRegistry }), packagesDigest: await packagesDigestOf(npmFolder), server };
}
