const PREFIX = /^(?:custom\.)?nuclio\.io\/kafka-/;

/** Those whose annotation is not their name in small letters with dashes. */
const IRREGULAR: Record<string, string> = {
  'access-cert': 'accessCertificate',
  'window-size': 'ackWindowSize',
  'termination-wait-time': 'workerTerminationWaitTime',
};

/** Attributes that a function's annotations give to all its Kafka triggers, by Nuclio's names. */
export function fromAnnotations(annotations: Record<string, string>): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = { tls: {}, sasl: {}, oauth: {} };
  for (const [annotation, value] of Object.entries(annotations)) {
    if (annotation === 'nuclio.io/wait-explicit-ack-during-rebalance-timeout') attributes.waitExplicitAckDuringRebalanceTimeout = value;
    if (!PREFIX.test(annotation)) continue;
    const name = annotation.replace(PREFIX, '');
    const [, group = '', member = ''] = /^(tls|sasl(?:-oauth)?)-(.+)$/.exec(name) ?? [];
    const target = groups[group.replace('sasl-', '')] ?? attributes;
    const inGroup = member === 'enabled' ? 'enable' : member;
    target[camelCase(group === '' ? (IRREGULAR[name] ?? name) : inGroup)] = value;
  }
  const { oauth = {}, sasl = {}, tls = {} } = groups;
  if (Object.keys(oauth).length > 0) sasl.oauth = oauth;
  return { ...attributes, ...(Object.keys(sasl).length > 0 && { sasl }), ...(Object.keys(tls).length > 0 && { tls }) };
}

/** Attributes are read in any case, so `ca-cert` may become `caCert` and `client-id` `clientId`. */
function camelCase(text: string): string {
  return text.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
