import * as z from 'zod';
import type { Trigger } from '../../function-config.ts';
import { parseAttributes } from '../delivery/attributes.ts';

const PORT = 9093;

/** Attributes that it does not know go to the Kafka trigger. */
const eventHubAttributesSchema = z.looseObject({
  sharedAccessKeyName: z.string().regex(/^[^;]+$/, 'must be the name of a key, which has no semicolon'),
  sharedAccessKeyValue: z.string().regex(/^[^;]+$/, 'must be a key, which has no semicolon'),
  namespace: z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a namespace, without its domain'),
  eventHubName: z.string().min(1),
  consumerGroup: z
    .string()
    .default('')
    .transform((group) => group || '$Default'),
  partitions: z.array(z.coerce.number().int().min(0)).default([]),
  tls: z.record(z.string(), z.unknown()).default({}),
});

export interface EventHubSettings {
  /** Where it is looked for. */
  address: string;
  partitions: number[];
  /** The same as a Kafka trigger. */
  kafka: Trigger;
}

/**
 * What a Kafka trigger has to be told to read an event hub by its Kafka endpoint:
 * https://learn.microsoft.com/azure/event-hubs/azure-event-hubs-apache-kafka-overview
 * @throws AMP_INPUT_INVALID
 */
export function eventHubSettingsOf(config: Trigger, name: string): EventHubSettings {
  const { sharedAccessKeyName, sharedAccessKeyValue, namespace, eventHubName, consumerGroup, partitions, tls, ...rest } = parseAttributes(
    eventHubAttributesSchema,
    name,
    config.attributes,
  );
  const host = `${namespace}.servicebus.windows.net`;
  const address = config.url || `${host}:${PORT}`;
  const password = `Endpoint=sb://${host}/;SharedAccessKeyName=${sharedAccessKeyName};SharedAccessKey=${sharedAccessKeyValue}`;
  const attributes = {
    // Nuclio begins with the oldest event as well.
    initialOffset: 'earliest',
    ...rest,
    tls: { enable: true, ...tls },
    sasl: { enable: true, mechanism: 'PLAIN', user: '$ConnectionString', password },
    topics: [eventHubName],
    consumerGroup,
  };
  return { address, partitions, kafka: { ...config, kind: 'kafka-cluster', url: address, attributes } };
}
