import type { Host } from '../host/host.ts';
import { paths } from '../paths.ts';

/** What a conflict says when it is the appliance's own: an install that was cut short, or one that is complete. */
export const OWN = 'owned by Ampoule';

/** Whether an Ampoule has begun on this host; what it left must not stop it from going on. */
export function hasAmpoule(host: Host): Promise<boolean> {
  return host.exists(paths.journal);
}
