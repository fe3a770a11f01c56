import { join } from 'node:path';
import { parseJson } from '@ampoule/lib/parse';
import * as z from 'zod';
import type { Appliance } from './appliance.ts';

const CALLER = join(import.meta.dirname, 'caller.mjs');
const NODE = join(import.meta.dirname, '../../node_modules/.bin/node');

const outcomeSchema = z.object({
  /** Milliseconds until the first call had its answer, and those of them for which the activator held it. */
  first: z.object({ ms: z.number().optional(), heldMs: z.number().optional() }),
  /** Why calls had not the answer that they should have. */
  lost: z.array(z.string()),
});

/** Calls a function through the ingress from inside the sealed network: once at once, and the other times evenly within the seconds. */
export async function callOften(
  { host, lab }: Appliance,
  name: string,
  { answer, count, seconds }: { answer: string; count: number; seconds: number },
): Promise<z.output<typeof outcomeSchema>> {
  const ca = await host.readFile('/var/lib/ampoule/pki/trust.crt');
  const text = await lab.exec(NODE, [CALLER, `https://${host.address}/fn/${name}`, answer, String(count), String(seconds)], { input: ca });
  return parseJson(outcomeSchema, text, 'the outcome of the calls');
}
