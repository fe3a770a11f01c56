import { processorError } from '../errors.ts';
import type { TriggerMaker } from './trigger.ts';

/** Loaded when a function has such a trigger, so that client libraries cost nothing to others. */
const makers: Record<string, () => Promise<TriggerMaker>> = {
  http: async () => {
    const { HttpTrigger } = await import('./http/http.ts');
    return (context) => new HttpTrigger(context);
  },
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
