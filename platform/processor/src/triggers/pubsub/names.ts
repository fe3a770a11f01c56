import type { SubscriptionAttributes } from './attributes.ts';

const FOREIGN_TO_IDS = /[^A-Za-z0-9._~+%-]/g;
const MOST_CHARACTERS = 255;

export function topicOf(projectID: string, topic: string): string {
  return topic.includes('/') ? topic : `projects/${projectID}/topics/${topic}`;
}

/** As in Nuclio; but where each replica has one of its own, it is called by the host, so that a restart goes on with it. */
export function subscriptionOf(
  projectID: string,
  { topic, idPrefix, shared, skipCreate }: Pick<SubscriptionAttributes, 'topic' | 'idPrefix' | 'shared' | 'skipCreate'>,
  host: string,
): string {
  const common = idPrefix + topic.slice(topic.lastIndexOf('/') + 1);
  // Nobody else can make one that is called by this host.
  const id = shared || skipCreate ? common : `${common}-${host}`;
  return `projects/${projectID}/subscriptions/${id.replaceAll(FOREIGN_TO_IDS, '-').slice(0, MOST_CHARACTERS)}`;
}
