import { randomUUID } from 'node:crypto';
import type { CoreV1Event, KubernetesObject } from '@kubernetes/client-node';
import type { KubeClient } from './client.ts';
import { type KubeResource, resources } from './resources.ts';

export interface EventOptions {
  type: 'Normal' | 'Warning';
  /** One word, such as `CanaryProgressing`. */
  reason: string;
  message: string;
  component: string;
}

/** Tells what happened to an object, so that `kubectl describe` shows it. */
export async function recordEvent<T extends KubernetesObject>(
  client: KubeClient,
  { apiVersion, kind }: KubeResource<T>,
  { metadata }: T,
  { type, reason, message, component }: EventOptions,
): Promise<void> {
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  const now = new Date().toISOString() as unknown as Date;
  const event: CoreV1Event = {
    metadata: { namespace, name: `${name}.${randomUUID()}` },
    involvedObject: { apiVersion, kind, namespace, name, uid },
    type,
    reason,
    message,
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  await client.create(resources.events, event);
}
