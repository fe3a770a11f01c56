import { triggerError } from '../delivery/errors.ts';
import type { TriggerContext } from '../trigger.ts';

/** Stands for the kind `iotCoreMqtt`. @throws AMP_TRIGGER_KIND_RETIRED */
export function refuseIotCore({ name }: TriggerContext): never {
  throw triggerError('AMP_TRIGGER_KIND_RETIRED', {
    what: `Trigger ${name} is of kind iotCoreMqtt`,
    why: 'Google ended IoT Core in August 2023',
    fix: 'Use the kind mqtt with the address of the broker that came in its place.',
  });
}
