import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { readFunctionSecret } from '@ampoule/platform-api/kube/function-secrets';
import { splitKey } from '@ampoule/platform-api/kube/resources';
import { referencesIn, restoreFunction } from '@ampoule/platform-api/mask';
import type { BacklogQuestion } from '@ampoule/platform-processor/triggers/backlog/backlog';
import type { Streams } from './streams.ts';

/** What to ask for each stream of a function, with the secrets that the questions need. @throws AMP_SECRET_MISSING */
export async function questionsOf(client: KubeClient, key: string, { metadata, triggers }: Streams): Promise<BacklogQuestion[]> {
  const { namespace, name } = splitKey(key);
  const { labels, annotations } = metadata;
  const part = { metadata: { annotations }, spec: { triggers } };
  const needed = referencesIn(part).length > 0;
  const secret = needed ? await readFunctionSecret(client, { name, namespace, labels, annotations }) : undefined;
  const whole = needed ? restoreFunction(part, secret?.values ?? new Map()) : part;
  return Object.entries(whole.spec.triggers).map(([trigger, config]) => ({
    config,
    name: trigger,
    namespace,
    functionName: name,
    annotations: whole.metadata.annotations ?? {},
  }));
}
