import { messageOf } from '@ampoule/lib/errors';
import type { IConnackPacket, MqttClient } from 'mqtt';
import type { Logger } from '../../logger.ts';
import type { OutageLog } from '../delivery/outage-log.ts';
import { isUntrusted } from '../delivery/untrusted.ts';
import type { MqttAttributes } from './attributes.ts';

const START_WITHIN_MS = 60_000;
/** Refused user or password, or not allowed: of MQTT 3.1.1 and of MQTT 5. */
const HOPELESS = new Set([4, 5, 134, 135, 138, 140]);
const QOS_REFUSED = 128;

export interface SubscribeOptions {
  client: MqttClient;
  subscriptions: MqttAttributes['subscriptions'];
  outages: OutageLog;
  logger: Logger;
}

/** Connects and subscribes, now and whenever the broker has lost the session. Settles after the first time, or when that is hopeless. */
export function subscribed({ client, subscriptions, outages, logger }: SubscribeOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let started = false;
    let last: unknown = new Error('it does not answer');
    const timer = setTimeout(() => reject(last), START_WITHIN_MS);
    const fail = (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    };
    client.on('error', (error) => {
      last = error;
      if (!client.disconnecting) outages.down(error);
      if (!started && (isUntrusted(error) || ('code' in error && HOPELESS.has(Number(error.code))))) fail(error);
    });
    client.on('close', () => {
      if (!client.disconnecting) outages.down(last);
    });
    client.on('connect', ({ sessionPresent }: IConnackPacket) => {
      outages.up();
      if (started && sessionPresent) return;
      subscribe(client, subscriptions).then(
        () => {
          started = true;
          clearTimeout(timer);
          resolve();
        },
        (error: unknown) => {
          // Without a connection this is done again as soon as there is one.
          if (!client.connected) return;
          logger.errorWith('Subscription refused', { error: messageOf(error) });
          if (!started) fail(error);
        },
      );
    });
    client.connect();
  });
}

async function subscribe(client: MqttClient, subscriptions: SubscribeOptions['subscriptions']): Promise<void> {
  const granted = await client.subscribeAsync(Object.fromEntries(subscriptions.map(({ topic, qos }) => [topic, { qos }])));
  const refused = granted.filter(({ qos }) => qos >= QOS_REFUSED).map(({ topic }) => topic);
  if (refused.length > 0) throw new Error(`the broker refuses a subscription to ${refused.join(', ')}`);
}
