import { labels } from '@ampoule/platform-api/constants';
import { enrichFunctionEvent, type FunctionEvent } from '@ampoule/platform-api/function-event';
import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { resources } from '@ampoule/platform-api/kube/resources';
import { type Draft, ResourceStore, type Stored, selectorOf, storedSchema } from './resource-store.ts';

/** The events that people keep to test functions with. */
export class FunctionEventStore extends ResourceStore<Stored> {
  constructor(client: KubeClient) {
    super({
      client,
      resource: resources.functionEvents,
      schema: storedSchema,
      texts: {
        notFound: 'Function event not found',
        exists: 'Function event already exists',
        stale: 'Function event resource version is stale',
      },
      codes: { notFound: 'AMP_RESOURCE_NOT_FOUND', exists: 'AMP_RESOURCE_EXISTS', stale: 'AMP_RESOURCE_STALE' },
    });
  }

  listOf(namespace: string, functionName: string): Promise<Stored[]> {
    return this.list(namespace, selectorOf(labels.function, functionName));
  }

  async removeOf(namespace: string, functionName: string): Promise<void> {
    const found = await this.listOf(namespace, functionName);
    await Promise.all(found.map(({ metadata }) => this.remove(namespace, metadata.name)));
  }
}

export function eventDraftOf(event: FunctionEvent, namespace: string): Draft {
  const { metadata, spec } = enrichFunctionEvent(event);
  const { name, labels: own, annotations, resourceVersion } = metadata;
  return { metadata: { name, namespace, labels: own, annotations, resourceVersion }, spec };
}
