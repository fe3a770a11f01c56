import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@ampoule/lib/errors';
import type { Appliance } from './appliance.ts';

const PAUSE_MS = 20;

/**
 * Calls a host name through the ingress, one call after the other, while something is done, which can ask for the last answer. Gives how often
 * there was which answer: `200 hello`, or why there was none.
 */
export async function callWhile(
  { lab, host }: Appliance,
  hostName: string,
  work: (lastAnswer: () => string) => Promise<unknown>,
): Promise<Record<string, number>> {
  const ca = await host.readFile('/var/lib/ampoule/pki/trust.crt');
  const answers: Record<string, number> = {};
  let last = 'no call has ended';
  let isDone = false;
  const calls = (async () => {
    while (!isDone) {
      last = await lab.request({ host, url: `https://${host.address}/`, headers: { host: hostName }, ca }).then(
        ({ status, body }) => `${status} ${body}`,
        (error: unknown) => messageOf(error),
      );
      answers[last] = (answers[last] ?? 0) + 1;
      await delay(PAUSE_MS);
    }
  })();
  try {
    await work(() => last);
  } finally {
    isDone = true;
    await calls;
  }
  return answers;
}
