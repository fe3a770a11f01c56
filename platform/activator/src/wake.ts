import type { KubeClient } from '@ampoule/platform-api/kube/client';
import { updateFunction } from '@ampoule/platform-api/kube/functions';

/** Asks the controller for the pods of a function that sleeps or is about to; one that does not is left as it is. */
export async function wakeFunction(client: KubeClient, key: string): Promise<void> {
  await updateFunction(client, key, ({ status }) => {
    if (status.state !== 'scaledToZero' && status.state !== 'waitingForScaleResourceToZero') return undefined;
    const scaleToZero = { lastScaleEvent: 'scaleFromZeroStarted', lastScaleEventTime: new Date().toISOString() };
    return { status: { state: 'waitingForScaleResourceFromZero', message: '', scaleToZero } };
  });
}
