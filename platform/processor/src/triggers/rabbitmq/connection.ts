import type { ConnectionOptions } from 'rabbitmq-client';
import type { TriggerContext } from '../trigger.ts';
import type { RabbitMqAttributes } from './attributes.ts';

const FIRST_RETRY_MS = 1000;
/** What RabbitMQ proposes; the library's own maximum cuts large messages into small pieces. */
const FRAME_MAX_BYTES = 131_072;
const SCHEMES = ['amqp:', 'amqps:'];

/** What the library needs to connect; the trigger's user and password go before those of its url. */
export function connectionOptionsOf(
  { config, name, functionName }: Pick<TriggerContext, 'config' | 'name' | 'functionName'>,
  { reconnectInterval, caCert }: RabbitMqAttributes,
): ConnectionOptions | undefined {
  const url = URL.parse(config.url ?? '');
  if (url === null || !SCHEMES.includes(url.protocol)) return undefined;
  if (config.username) url.username = encodeURIComponent(config.username);
  if (config.password) url.password = encodeURIComponent(config.password);
  return {
    url: url.href,
    connectionName: `nuclio-${functionName}-${name}`,
    noDelay: true,
    frameMax: FRAME_MAX_BYTES,
    retryLow: Math.max(1, Math.min(FIRST_RETRY_MS, reconnectInterval)),
    retryHigh: Math.max(1, reconnectInterval),
    ...(url.protocol === 'amqps:' && { tls: caCert === undefined ? true : { ca: caCert } }),
  };
}
