import type { BaseOptions, SASLOptions } from '@platformatic/kafka';
import type { KafkaAttributes } from './attributes.ts';
import { tokenSource } from './oauth.ts';

const CONNECT_TIMEOUT_MS = 5000;
/** Of one request. Longer than a rebalance is waited for by the broker. */
const REQUEST_MARGIN_MS = 10_000;

/** What all clients of a trigger need to connect. */
export function baseOptionsOf(attributes: KafkaAttributes, clientId: string): BaseOptions {
  const { brokers, sasl, rebalanceTimeout } = attributes;
  const tls = tlsOf(attributes);
  return {
    clientId,
    bootstrapBrokers: brokers,
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: rebalanceTimeout + REQUEST_MARGIN_MS,
    ...(tls !== undefined && { tls, tlsServerName: true }),
    ...(sasl.enable && { sasl: saslOf(sasl) }),
  };
}

function tlsOf({ tls, caCert, accessKey, accessCertificate }: KafkaAttributes): BaseOptions['tls'] {
  if (!tls.enable) return undefined;
  return {
    rejectUnauthorized: !tls.insecureSkipVerify,
    minVersion: tls.minimumVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
    ...(caCert !== '' && { ca: caCert }),
    ...(accessKey !== '' && { key: accessKey }),
    ...(accessCertificate !== '' && { cert: accessCertificate }),
  };
}

function saslOf({ mechanism, user, password, oauth }: KafkaAttributes['sasl']): SASLOptions {
  return mechanism === 'OAUTHBEARER' ? { mechanism, token: tokenSource(oauth) } : { mechanism, username: user, password };
}
