import { processorError } from '../errors.ts';
import type { TriggerMaker } from './trigger.ts';

/** Loaded when a function has such a trigger, so that client libraries cost nothing to others. */
const makers: Record<string, () => Promise<TriggerMaker>> = {
  http: async () => {
    const { HttpTrigger } = await import('./http/http.ts');
    return (context) => new HttpTrigger(context);
  },
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
  iotCoreMqtt: async () => (await import('./mqtt/iot-core.ts')).refuseIotCore,
};

/** Other names that Nuclio has for a kind. */
const aliases: Record<string, string> = { kafka: 'kafka-cluster', rabbitMq: 'rabbit-mq' };

/** @throws AMP_TRIGGER_UNSUPPORTED */
export function triggerMakerOf(kind: string, name: string): Promise<TriggerMaker> {
  const make = makers[aliases[kind] ?? kind];
  if (make !== undefined) return make();
  throw processorError('AMP_TRIGGER_UNSUPPORTED', {
    what: `Trigger ${name} is of kind ${kind}, which is not supported`,
    fix: `Use one of ${Object.keys(makers).join(', ')}.`,
  });
}
