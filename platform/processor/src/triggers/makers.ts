import { processorError } from '../errors.ts';
import { HttpTrigger } from './http/http.ts';
import { kindOf } from './kinds.ts';
import type { TriggerMaker } from './trigger.ts';

/** But for HTTP, loaded when a function has such a trigger, so that client libraries cost nothing to others. */
const makers: Record<string, () => Promise<TriggerMaker>> = {
  http: async () => (context) => new HttpTrigger(context),
  cron: async () => {
    const { CronTrigger } = await import('./cron/cron.ts');
    return (context) => new CronTrigger(context);
  },
  'kafka-cluster': async () => {
    const { KafkaTrigger } = await import('./kafka/kafka.ts');
    return (context) => new KafkaTrigger(context);
  },
  nats: async () => {
    const { NatsTrigger } = await import('./nats/nats.ts');
    return (context) => new NatsTrigger(context);
  },
  'rabbit-mq': async () => {
    const { RabbitMqTrigger } = await import('./rabbitmq/rabbitmq.ts');
    return (context) => new RabbitMqTrigger(context);
  },
  mqtt: async () => {
    const { MqttTrigger } = await import('./mqtt/mqtt.ts');
    return (context) => new MqttTrigger(context);
  },
  kinesis: async () => {
    const { KinesisTrigger } = await import('./kinesis/kinesis.ts');
    return (context) => new KinesisTrigger(context);
  },
  pubsub: async () => {
    const { PubSubTrigger } = await import('./pubsub/pubsub.ts');
    return (context) => new PubSubTrigger(context);
  },
  eventhub: async () => {
    const { EventHubTrigger } = await import('./eventhub/eventhub.ts');
    return (context) => new EventHubTrigger(context);
  },
};

/** Kinds of Nuclio that are refused, each with its reason. */
const refusals: Record<string, () => Promise<TriggerMaker>> = {
  iotCoreMqtt: async () => (await import('./mqtt/iot-core.ts')).refuseIotCore,
  v3ioStream: async () => (await import('./v3io/v3io.ts')).refuseV3io,
  v3ioItemPoller: async () => (await import('./v3io/v3io.ts')).refuseV3io,
};

/** @throws AMP_TRIGGER_UNSUPPORTED */
export function triggerMakerOf(kind: string, name: string): Promise<TriggerMaker> {
  const make = makers[kindOf(kind)] ?? refusals[kind];
  if (make !== undefined) return make();
  throw processorError('AMP_TRIGGER_UNSUPPORTED', {
    what: `Trigger ${name} is of kind ${kind}, which is not supported`,
    fix: `Use one of ${Object.keys(makers).join(', ')}.`,
  });
}
