import { messageOf } from '@ampoule/lib/errors';
import type { UninstallContext } from './model.ts';
import { isOurUnit, ourUnits } from './units.ts';

const STOP_MS = 60_000;
const KUBELET = 'kubelet.service';

/** Stops the kubelet first: nothing else starts pods anew. */
export async function stopKubelet(context: UninstallContext): Promise<void> {
  await stopUnit(context, KUBELET);
}

/** Stops the other services. */
export async function stopServices(context: UninstallContext): Promise<void> {
  for (const unit of ourUnits) if (unit !== KUBELET) await stopUnit(context, unit);
}

// A stop that fails is no problem yet: what still runs is killed afterwards.
async function stopUnit({ host }: UninstallContext, unit: string): Promise<void> {
  if (!(await isOurUnit(host, unit))) return;
  await host.run('systemctl', ['stop', unit], { timeoutMs: STOP_MS }).catch(messageOf);
}
