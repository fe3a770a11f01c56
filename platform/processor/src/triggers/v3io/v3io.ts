import { triggerError } from '../delivery/errors.ts';
import type { TriggerContext } from '../trigger.ts';

/** Stands for the kinds `v3ioStream` and `v3ioItemPoller`. @throws AMP_TRIGGER_KIND_UNTESTED */
export function refuseV3io({ name, config }: TriggerContext): never {
  throw triggerError('AMP_TRIGGER_KIND_UNTESTED', {
    what: `Trigger ${name} is of kind ${config.kind}`,
    why: "it reads from Iguazio's data layer, whose server is not to be had for tests, and what is not tested is not offered",
    fix: 'Put the events into Kafka, NATS or another source that is supported, and use its kind.',
  });
}
