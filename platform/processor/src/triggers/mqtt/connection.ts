import type { IClientOptions } from 'mqtt';
import type { TriggerContext } from '../trigger.ts';
import type { MqttAttributes } from './attributes.ts';

const SCHEMES = ['mqtt:', 'mqtts:', 'tcp:', 'ssl:', 'tls:', 'ws:', 'wss:'];
const RECONNECT_MS = 1000;
const CONNECT_TIMEOUT_MS = 10_000;
/** MQTT 5 ends a session with its connection unless told otherwise. This is "never", which is what MQTT 3.1.1 does. */
const NEVER_EXPIRES = 0xff_ff_ff_ff;

/** The address to connect to; one without a scheme is plain MQTT. Undefined where it is none. */
export function brokerUrlOf({ url = '' }: TriggerContext['config']): string | undefined {
  const parsed = URL.parse(/^[a-z]+:\/\//i.test(url) ? url : `mqtt://${url}`);
  return parsed !== null && SCHEMES.includes(parsed.protocol) && parsed.hostname !== '' ? parsed.href : undefined;
}

export function clientOptionsOf({ config }: TriggerContext, attributes: MqttAttributes, receiveMaximum: number): IClientOptions {
  const { clientID, protocolVersion, caCert } = attributes;
  const persistent = clientID !== undefined;
  return {
    protocolVersion,
    clean: !persistent,
    reconnectPeriod: RECONNECT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectOnConnackError: true,
    // The library would not ask for topics that a session had lost unless it was a clean one.
    resubscribe: false,
    ...(persistent && { clientId: clientID }),
    ...(config.username && { username: config.username }),
    ...(config.password && { password: config.password }),
    ...(caCert !== undefined && { ca: caCert }),
    ...(protocolVersion === 5 && {
      properties: { receiveMaximum, ...(persistent && { sessionExpiryInterval: NEVER_EXPIRES }) },
    }),
  };
}
